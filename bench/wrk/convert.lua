-- wrk -s bench/wrk/convert.lua http://127.0.0.1:8080/convert -- photo.png
-- Posts one PNG again and again and counts the answers that are not 200.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Content-Type"] = "image/png"
  file:close()
  refused = 0
end

function response(status)
  if status ~= 200 then
    refused = refused + 1
  end
end

function done(summary, latency)
  local refused_by_all = 0
  for _, thread in ipairs(threads) do
    refused_by_all = refused_by_all + thread:get("refused")
  end
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + refused_by_all
  io.write(string.format(
    'result {"requests": %d, "seconds": %.3f, "failed": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, failed,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end

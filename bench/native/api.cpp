#include "api.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <string>

#include "contender.hpp"

namespace {

namespace bench = pixelferry::bench;

thread_local std::string last_error;

/// Returns what `work` returns, or `failed` after noting why.
template <typename Result, typename Work>
Result guarded(Result failed, const Work& work) noexcept {
  try {
    return work();
  } catch (const std::exception& error) {
    last_error = error.what();
  } catch (...) {
    last_error = "something that is no std::exception was thrown";
  }
  return failed;
}

const bench::Job& job_of(const void* handle) { return *static_cast<const bench::Job*>(handle); }

}  // namespace

std::size_t bench_count() noexcept { return bench::contenders().size(); }

const char* bench_name(std::size_t contender) noexcept {
  return bench::contenders()[contender].name.c_str();
}

const char* bench_version(std::size_t contender) noexcept {
  return bench::contenders()[contender].version.c_str();
}

const char* bench_compiler() noexcept {
#ifdef __clang__
  return __VERSION__;
#else
  return "GCC " __VERSION__;
#endif
}

void* bench_open(std::size_t contender, const std::uint8_t* png, std::size_t size) noexcept {
  return guarded<void*>(nullptr, [=]() -> void* {
    return std::make_unique<bench::Job>(bench::contenders().at(contender).prepare({png, size}))
        .release();
  });
}

void bench_close(void* job) noexcept {
  const std::unique_ptr<bench::Job> owned{static_cast<bench::Job*>(job)};
}

double bench_seconds(void* job, std::size_t count) noexcept {
  return guarded(-1.0, [=] {
    const bench::Sink nowhere = [](bench::Bytes) {};
    const auto started = std::chrono::steady_clock::now();
    for (std::size_t run = 0; run < count; ++run) job_of(job)(nowhere);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
    return taken.count();
  });
}

std::size_t bench_result(void* job, std::uint8_t* out, std::size_t capacity) noexcept {
  return guarded(std::size_t{0}, [=] {
    std::size_t size = 0;
    job_of(job)([&](bench::Bytes result) {
      size = result.size();
      std::ranges::copy(result.first(std::min(size, capacity)), out);
    });
    return size;
  });
}

const char* bench_error() noexcept { return last_error.c_str(); }

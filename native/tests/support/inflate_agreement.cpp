#include "support/inflate_agreement.hpp"

#include <algorithm>
#include <optional>

#include "png/inflate.hpp"
#include "png/inflate_whole.hpp"
#include "support/guarded.hpp"
#include "support/plain_inflate.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

using Status = png::Inflater::Status;

constexpr std::size_t kMost = std::size_t{1} << 20;
constexpr std::size_t kMostPiece = std::size_t{1} << 17;  // whole pages

struct Inflated {
  Status status;  // need_input: the stream is cut; output_full: more than kMost bytes
  ErrorCode fault;
  Bytes bytes;
};

/// `most_in` and `most_out` are the largest pieces; each touches a forbidden page.
Inflated inflated(png::InflateEngine engine, std::span<const std::uint8_t> stream,
                  std::size_t most_in, std::size_t most_out, Random& random) {
  static const Guarded window{kMostPiece, Guarded::At::end};
  static const Guarded piece{kMostPiece, Guarded::At::end};  // whole pages: both ends touch
  static png::Inflater inflater;
  inflater.reset(engine);
  Bytes bytes;
  for (;;) {
    const std::span<std::uint8_t> out = window.bytes().last(1 + random.below(most_out));
    const png::Inflater::Progress progress = inflater.produce(out);
    append(bytes, out.first(progress.written));
    if (progress.status == Status::failed) return {Status::failed, inflater.fault(), bytes};
    if (bytes.size() > kMost) return {Status::output_full, {}, bytes};
    if (progress.status == Status::output_full) continue;
    if (stream.empty()) return {progress.status, {}, bytes};
    const std::size_t size = std::min(stream.size(), 1 + random.below(most_in));
    const std::span<std::uint8_t> in =
        random.once_in(2) ? piece.bytes().first(size) : piece.bytes().last(size);
    std::ranges::copy(stream.first(size), in.begin());
    inflater.feed(in);
    stream = stream.subspan(size);
  }
}

std::size_t first_difference(const Bytes& one, const Bytes& other) {
  return static_cast<std::size_t>(std::ranges::mismatch(one, other).in1 - one.begin());
}

std::string compare_streaming(png::InflateEngine engine, std::span<const std::uint8_t> stream,
                              const PlainInflated& plain) {
  Random random{seed_of(stream)};
  const std::size_t some = 1 + random.below(random.once_in(2) ? 600 : kMostPiece);
  const Inflated found = inflated(engine, stream, kMostPiece, kMostPiece, random);
  const std::size_t most_in = 1 + random.below(random.once_in(2) ? 12 : kMostPiece);
  const Inflated again = inflated(engine, stream, most_in, some, random);
  if (found.status != again.status) return "the cuts change the verdict";
  if (found.status == Status::failed && found.fault != again.fault)
    return "the cuts change the fault";
  if (found.bytes != again.bytes && found.status == Status::finished)
    return "the cuts change the bytes";

  const std::size_t both = std::min(plain.bytes.size(), found.bytes.size());
  const std::size_t difference = first_difference(found.bytes, plain.bytes);
  if (difference < both) return "a wrong byte at " + std::to_string(difference);
  if (plain.bytes.size() == kMost) return {};

  const std::optional<Bytes> by_zlib = inflated_by_zlib(stream, kMost);
  if (by_zlib && *by_zlib != plain.bytes) return "zlib reads RFC 1951 otherwise";
  if (by_zlib && !plain.complete) return "zlib accepts what RFC 1951 does not";
  if (found.status == Status::finished) {
    if (!plain.complete) return "finished where RFC 1951 is not";
    if (found.bytes != plain.bytes) return "finished with too few or too many bytes";
    const bool lax = engine == png::InflateEngine::isal && !plain.strict;
    if (!by_zlib && !lax) return "finished where zlib refuses";
  } else if (by_zlib) {
    return "refused where zlib accepts";
  }
  return {};
}

std::string compare_whole(std::span<const std::uint8_t> stream, const PlainInflated& plain) {
  static png::WholeInflater inflater;
  const auto inflates_to = [&](std::size_t size) -> std::optional<Bytes> {
    const Guarded in{stream, Guarded::At::end};
    const Guarded out{size, Guarded::At::end};
    if (!inflater.inflate(in.bytes(), out.bytes())) return std::nullopt;
    return Bytes{out.bytes().begin(), out.bytes().end()};
  };
  const std::size_t size = plain.bytes.size();
  if (inflates_to(size + 1)) return "whole: inflates to one byte too many";
  if (size > 0 && inflates_to(size - 1)) return "whole: inflates to one byte too few";
  const std::optional<Bytes> found = inflates_to(size);
  if (found && (!plain.complete || *found != plain.bytes)) return "whole: not what RFC 1951 says";
  const std::optional<Bytes> by_zlib = inflated_by_zlib(stream, kMost);
  if (by_zlib && !found) return "whole: refused where zlib accepts";
  if (found && !by_zlib && plain.strict) return "whole: accepted where zlib refuses";
  return {};
}

}  // namespace

std::string inflate_disagreement(std::span<const std::uint8_t> stream) {
  const PlainInflated plain = plain_inflate_zlib(stream, kMost);
  for (const png::InflateEngine engine : png::inflate_engines()) {
    const std::string disagreement = compare_streaming(engine, stream, plain);
    if (!disagreement.empty()) {
      return (engine == png::InflateEngine::isal ? "isa-l: " : "zlib-ng: ") + disagreement;
    }
  }
  return plain.bytes.size() < kMost ? compare_whole(stream, plain) : "";
}

}  // namespace pixelferry::test

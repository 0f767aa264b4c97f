// The streaming inflater gives the same bytes and the same verdict however its input and output are
// cut.
#include "png/inflate.hpp"

#include <doctest/doctest.h>

#include "support/forced_engine.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

using Status = png::Inflater::Status;

struct Inflated {
  Bytes bytes;
  Status status;
};

/// Feeds `stream` in pieces of `in` bytes and takes pieces of `out` bytes.
Inflated inflated(png::Inflater& inflater, png::InflateEngine engine,
                  std::span<const std::uint8_t> stream, std::size_t in, std::size_t out) {
  inflater.reset(engine);
  Inflated result{{}, Status::need_input};
  Bytes buffer(out);
  while (true) {
    const png::Inflater::Progress progress = inflater.produce(buffer);
    append(result.bytes, std::span{buffer}.first(progress.written));
    result.status = progress.status;
    if (progress.status == Status::failed) return result;
    if (progress.status == Status::output_full) continue;
    if (stream.empty()) return result;
    inflater.feed(stream.first(std::min(in, stream.size())));
    stream = stream.subspan(std::min(in, stream.size()));
  }
}

TEST_CASE("any cut of input and output gives the same bytes, also when the state is reused") {
  Random random;
  png::Inflater inflater;
  for (int round = 0; round < 60; ++round) {
    Bytes data = random.bytes(1 + random.below(150'000));
    const std::size_t alphabet = 1 + random.below(256);
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(byte % alphabet);
    const Bytes stream = zlib_stream(data, static_cast<int>(random.below(10)));
    const std::size_t in = 1 + random.below(round % 2 == 0 ? 10 : 200'000);
    const std::size_t out = 1 + random.below(round % 3 == 0 ? 3'000 : 200'000);
    CAPTURE(in);
    CAPTURE(out);
    for (const png::InflateEngine engine : png::inflate_engines()) {  // in turn, in one inflater
      const Inflated found = inflated(inflater, engine, stream, in, out);
      REQUIRE(found.status == Status::finished);
      REQUIRE(found.bytes == data);
    }
  }
}

TEST_CASE("bytes behind the stream are a fault in whatever pieces they come") {
  png::Inflater inflater;
  Bytes stream = zlib_stream(Bytes(1000, 7));
  append(stream, Bytes(20, 0));
  for (const png::InflateEngine engine : png::inflate_engines()) {
    for (std::size_t in = 1; in <= stream.size(); ++in) {
      CHECK(inflated(inflater, engine, stream, in, 100).status == Status::failed);
      CHECK(inflater.fault() == ErrorCode::trailing_data);
    }
  }
}

TEST_CASE("a stream cut at any byte wants more and is never finished") {
  png::Inflater inflater;
  Random random;
  const Bytes stream = zlib_stream(random.bytes(300), 9);
  for (const png::InflateEngine engine : png::inflate_engines()) {
    for (std::size_t size = 0; size < stream.size(); ++size) {
      const std::span cut = std::span{stream}.first(size);
      CHECK(inflated(inflater, engine, cut, size + 1, 1000).status == Status::need_input);
    }
  }
}

TEST_CASE(
    "ISA-L is for photos; zlib-ng, where it is built in, for flat pictures and stored blocks") {
  using enum png::InflateEngine;
  const png::InflateEngine other = png::inflate_engines().back();
  CHECK(png::fastest_inflate_engine(24'885'360, 7'546'570) == isal);  // a 4K photo
  CHECK(png::fastest_inflate_engine(5'530'560, 141'005) == other);    // a plot
  CHECK(png::fastest_inflate_engine(786'944, 787'070) == other);      // stored blocks
  CHECK(png::fastest_inflate_engine(10'000, 5'000) == other);
  CHECK(png::fastest_inflate_engine(~std::uint64_t{0}, 0) == other);
  CHECK(png::fastest_inflate_engine(1, ~std::uint64_t{0}) == other);
  {
    const ForcedEngine forced{isal};
    CHECK(png::fastest_inflate_engine(5'530'560, 141'005) == isal);
  }
  CHECK(png::fastest_inflate_engine(5'530'560, 141'005) == other);
}

}  // namespace
}  // namespace pixelferry::test

// How the zlib stream is cut into IDAT chunks makes no difference.
#include <doctest/doctest.h>

#include <utility>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

TEST_CASE("pieces of every size, with empty ones between, give the same picture") {
  Random random;
  // Level 0 stores, 1 and 9 use dynamic codes; a few bytes make a block with the fixed codes.
  for (const int level : {0, 1, 9}) {
    for (const std::uint32_t width : {3U, 150U}) {
      const png::Header header{width, 40, png::ColorType::rgb, 8, false};
      const Bytes stream =
          zlib_stream(filtered_scanlines(header, Filters::mixed, true, random), level);
      const Bytes expected = reference(png_file(header, idat(stream))).bmp;
      REQUIRE_FALSE(expected.empty());
      for (std::size_t piece = 1; piece < 40; ++piece) {
        CAPTURE(level);
        CAPTURE(piece);
        const Outcome found = outcome(png_file(header, idats(stream, piece)));
        REQUIRE_FALSE(found.fault);
        REQUIRE(found.bmp == expected);
      }
      Bytes mixed;
      for (std::span<const std::uint8_t> rest{stream}; !rest.empty();) {
        const std::size_t size = std::min(rest.size(), random.below(60));
        append(mixed, idat(rest.first(size)));
        rest = rest.subspan(size);
      }
      CHECK(outcome(png_file(header, mixed)).bmp == expected);
    }
  }
}

TEST_CASE("one IDAT larger than a piece and many windows gives the same picture") {
  Random random;
  const png::Header header{1000, 400, png::ColorType::rgb, 8, false};
  const Bytes stream = zlib_stream(filtered_scanlines(header, Filters::mixed, false, random), 1);
  REQUIRE(stream.size() > 1'000'000);
  const Bytes file = png_file(header, idat(stream));
  CHECK(outcome(file).bmp == reference(file).bmp);
}

TEST_CASE("pictures that just fit the window of 128 KiB to be inflated whole, and just don't") {
  Random random;
  for (const auto& [width, height] : {std::pair{255U, 511U}, std::pair{43'690U, 2U}}) {
    const png::Header header{width, height, png::ColorType::gray, 8, false};
    const Bytes scanlines = filtered_scanlines(header, Filters::mixed, true, random);
    const Bytes file = png_file(header, idat(zlib_stream(scanlines)));
    CAPTURE(width);
    const Outcome found = outcome(file);
    REQUIRE_FALSE(found.fault);
    CHECK(found.bmp == reference(file).bmp);
  }
}

}  // namespace
}  // namespace pixelferry::test

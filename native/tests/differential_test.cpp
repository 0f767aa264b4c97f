// Every picture becomes, byte for byte, what lodepng says it is. The output is poisoned with the
// inverse of what is expected, so a byte that nobody writes is a difference too.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

std::string described(const png::Header& header, Filters filters) {
  return "color type " + std::to_string(static_cast<int>(header.color_type)) + ", depth " +
         std::to_string(header.bit_depth) + ", " + std::to_string(header.width) + " x " +
         std::to_string(header.height) + (header.interlaced ? ", Adam7" : "") + ", filters " +
         std::to_string(static_cast<int>(filters));
}

void check_equal(const png::Header& header, Filters filters, Random& random) {
  const Bytes png = random_png(header, filters, random);
  const Reference expected = reference(png);
  const std::string picture = described(header, filters);
  CAPTURE(picture);
  REQUIRE(expected.lodepng_error == 0);
  Bytes file = expected.bmp;
  for (std::uint8_t& byte : file) byte = static_cast<std::uint8_t>(~byte);
  const std::size_t written = convert_into(png, file, Limits{}, nullptr);
  CHECK(written == expected.bmp.size());
  CHECK(std::ranges::equal(file, expected.bmp));
}

constexpr Filters kAllFilters[] = {Filters::none,    Filters::sub,   Filters::up,
                                   Filters::average, Filters::paeth, Filters::mixed};

TEST_CASE("small pictures of every format, filter, interlacing and width equal lodepng's") {
  Random random;
  for (png::Header header : all_formats()) {
    for (const bool interlaced : {false, true}) {
      for (const Filters filters : kAllFilters) {
        for (std::uint32_t width = 1; width <= 17; ++width) {
          header.interlaced = interlaced;
          header.width = width;
          header.height = static_cast<std::uint32_t>(1 + random.below(17));
          check_equal(header, filters, random);
        }
      }
    }
  }
}

TEST_CASE("larger pictures, over several windows of rows, equal lodepng's") {
  Random random;
  for (png::Header header : all_formats()) {
    for (const bool interlaced : {false, true}) {
      header.interlaced = interlaced;
      header.width = static_cast<std::uint32_t>(200 + random.below(400));
      header.height = static_cast<std::uint32_t>(200 + random.below(300));
      check_equal(header, Filters::mixed, random);
    }
  }
}

TEST_CASE("rows around and beyond the window's size equal lodepng's") {
  Random random;
  using enum png::ColorType;
  // 64 and 128 KiB rows: both sides of what the kept window holds.
  for (const std::uint32_t width : {8'190U, 8'191U, 8'192U, 16'384U, 65'535U}) {
    check_equal({width, 3, rgba, 16, false}, Filters::mixed, random);
    check_equal({width, 9, rgba, 16, true}, Filters::mixed, random);
  }
  check_equal({65'535, 4, gray, 1, true}, Filters::mixed, random);
}

TEST_CASE("tall and narrow pictures equal lodepng's") {
  Random random;
  for (const std::uint32_t width : {1U, 2U, 5U}) {
    check_equal({width, 30'000, png::ColorType::gray, 1, false}, Filters::mixed, random);
    check_equal({width, 30'000, png::ColorType::rgb, 8, true}, Filters::mixed, random);
  }
}

}  // namespace
}  // namespace pixelferry::test

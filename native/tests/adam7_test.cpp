// The passes of Adam7 visit each pixel exactly once, in the order and grid of the specification's
// figure of 8 × 8 pass numbers.
#include "png/adam7.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace pixelferry::test {
namespace {

constexpr int kPassOfPixel[8][8] = {{1, 6, 4, 6, 2, 6, 4, 6}, {7, 7, 7, 7, 7, 7, 7, 7},
                                    {5, 6, 5, 6, 5, 6, 5, 6}, {7, 7, 7, 7, 7, 7, 7, 7},
                                    {3, 6, 4, 6, 3, 6, 4, 6}, {7, 7, 7, 7, 7, 7, 7, 7},
                                    {5, 6, 5, 6, 5, 6, 5, 6}, {7, 7, 7, 7, 7, 7, 7, 7}};

void check_passes(std::uint32_t width, std::uint32_t height) {
  std::vector<int> visits(std::size_t{width} * height);
  int last_pass = 0;
  for (const png::Pass& pass : png::Passes{{width, height, png::ColorType::gray, 8, true}}) {
    const int number = kPassOfPixel[pass.y0][pass.x0];
    CHECK(number > last_pass);
    last_pass = number;
    REQUIRE(pass.width > 0);
    REQUIRE(pass.height > 0);
    for (std::uint32_t y = 0; y < pass.height; ++y) {
      for (std::uint32_t x = 0; x < pass.width; ++x) {
        const std::uint32_t at_x = pass.x0 + x * pass.dx;
        const std::uint32_t at_y = pass.y0 + y * pass.dy;
        REQUIRE(at_x < width);
        REQUIRE(at_y < height);
        REQUIRE(kPassOfPixel[at_y % 8][at_x % 8] == number);
        ++visits[std::size_t{at_y} * width + at_x];
      }
    }
  }
  for (const int count : visits) REQUIRE(count == 1);
}

TEST_CASE("each pixel of every small picture belongs to one pass") {
  for (std::uint32_t width = 1; width <= 17; ++width) {
    for (std::uint32_t height = 1; height <= 17; ++height) check_passes(width, height);
  }
}

TEST_CASE("the largest picture's passes do not overflow") {
  std::uint64_t pixels = 0;
  for (const png::Pass& pass :
       png::Passes{{0x7FFFFFFF, 0x7FFFFFFF, png::ColorType::gray, 1, true}}) {
    pixels += std::uint64_t{pass.width} * pass.height;
  }
  CHECK(pixels == std::uint64_t{0x7FFFFFFF} * 0x7FFFFFFF);
}

TEST_CASE("a picture that is not interlaced is one pass") {
  const png::Passes passes{{5, 7, png::ColorType::rgb, 8, false}};
  REQUIRE(passes.end() - passes.begin() == 1);
  CHECK(passes.begin()->width == 5);
  CHECK(passes.begin()->height == 7);
  CHECK(passes.begin()->dx == 1);
}

}  // namespace
}  // namespace pixelferry::test

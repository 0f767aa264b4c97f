// Every byte of a BMP's headers is what the DIB documentation says, and a picture that the fields
// cannot hold is refused.
#include "bmp/layout.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "errors.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

TEST_CASE("the headers, byte for byte") {
  const bmp::Layout layout = bmp::layout_24(0x0102, 0x0304);
  Bytes file(54, 0xCC);
  bmp::write_headers(file, layout, {.x = 0x0B13, .y = 0x7FFFFFFF});
  // stride 774 -> 776 = 0x308; image 776 x 772 = 0x92420
  const Bytes expected{
      'B',  'M',               // bfType
      0x56, 0x24, 0x09, 0x00,  // bfSize
      0,    0,    0,    0,     // bfReserved1, bfReserved2
      54,   0,    0,    0,     // bfOffBits
      40,   0,    0,    0,     // biSize
      0x02, 0x01, 0,    0,     // biWidth
      0x04, 0x03, 0,    0,     // biHeight
      1,    0,                 // biPlanes
      24,   0,                 // biBitCount
      0,    0,    0,    0,     // biCompression
      0x20, 0x24, 0x09, 0x00,  // biSizeImage
      0x13, 0x0B, 0,    0,     // biXPelsPerMeter
      0xFF, 0xFF, 0xFF, 0x7F,  // biYPelsPerMeter
      0,    0,    0,    0,     // biClrUsed
      0,    0,    0,    0,     // biClrImportant
  };
  CHECK(std::ranges::equal(file, expected));
}

TEST_CASE("rows are multiples of 4 bytes and stand bottom-up") {
  for (std::uint32_t width = 1; width <= 17; ++width) {
    const bmp::Layout layout = bmp::layout_24(width, 3);
    CHECK(layout.stride % 4 == 0);
    CHECK(layout.stride >= 3 * width);
    CHECK(layout.stride < 3 * width + 4);
    CHECK(layout.row_offset(2) == 54);
    CHECK(layout.row_offset(0) == 54 + 2 * layout.stride);
    CHECK(layout.file_size == 54 + 3 * layout.stride);
    CHECK(layout.file_size == bmp::file_size_24(width, 3));
  }
}

TEST_CASE("the largest file that bfSize can hold is accepted, the next is refused") {
  // 4-byte rows: 54 + 4 x 1073741810 = 2^32 - 2
  CHECK(bmp::layout_24(1, 1'073'741'810).file_size == 0xFFFFFFFE);
  try {
    static_cast<void>(bmp::layout_24(1, 1'073'741'811));
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::bmp_too_large);
    CHECK(error.allowed() == 0xFFFFFFFF);
    CHECK(error.asked() == 0x100000002);
  }
  CHECK_THROWS_AS(static_cast<void>(bmp::layout_24(0x7FFFFFFF, 0x7FFFFFFF)), Error);
  CHECK(bmp::file_size_24(0x7FFFFFFF, 0x7FFFFFFF) ==
        54 + std::uint64_t{6'442'450'944} * 0x7FFFFFFF);
}

TEST_CASE("pixels per metre come from pHYs of 9 bytes and unit 1, wherever it stands") {
  const png::Header header{1, 1, png::ColorType::gray, 8, false};
  const Bytes image = idat(zlib_stream(Bytes{0, 0}));
  const auto phys = [](std::uint32_t x, std::uint32_t y, std::uint8_t unit) {
    return chunk("pHYs", joined({big_endian(x), big_endian(y), Bytes{unit}}));
  };
  const auto density = [&](const Bytes& middle) {
    const Bytes bmp = outcome(png_file(header, middle)).bmp;
    REQUIRE(bmp.size() == 58);
    return Bytes{bmp.begin() + 38, bmp.begin() + 46};
  };
  const Bytes unknown(8, 0);
  CHECK(density(joined({phys(2835, 0x01020304, 1), image})) == Bytes{0x13, 0x0B, 0, 0, 4, 3, 2, 1});
  CHECK(density(joined({image, phys(1, 2, 1)})) == Bytes{1, 0, 0, 0, 2, 0, 0, 0});
  CHECK(density(joined({phys(1, 2, 1), phys(3, 4, 1), image})) == Bytes{3, 0, 0, 0, 4, 0, 0, 0});
  CHECK(density(joined({phys(2835, 2835, 0), image})) == unknown);
  CHECK(density(joined({phys(0x80000000, 1, 1), image})) == unknown);
  CHECK(density(joined({chunk("pHYs", Bytes(8, 1)), image})) == unknown);
  CHECK(density(joined({chunk("pHYs", Bytes(10, 1)), image})) == unknown);
  CHECK(density(image) == unknown);
}

}  // namespace
}  // namespace pixelferry::test

// IHDR is read as the PNG specification says, and every field that is wrong is named with its
// place.
#include "png/header.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

constexpr png::Header kGood{32, 16, png::ColorType::rgb, 8, false};

Fault fault_of(std::span<const std::uint8_t> bytes) {
  try {
    static_cast<void>(png::read_header(bytes));
  } catch (const Error& error) {
    return {error.code(), error.offset()};
  }
  FAIL("the header was accepted");
  return {};
}

/// A header with `value` at `offset` and a CRC that fits.
Bytes patched(std::size_t offset, std::initializer_list<std::uint8_t> value) {
  Bytes file = joined({signature(), ihdr(kGood)});
  std::ranges::copy(value, file.begin() + static_cast<std::ptrdiff_t>(offset));
  const Bytes again = chunk("IHDR", std::span{file}.subspan(16, 13));
  std::ranges::copy(again, file.begin() + 8);
  return file;
}

TEST_CASE("a wrong field is named with its offset") {
  const struct {
    std::size_t offset;
    std::initializer_list<std::uint8_t> value;
    ErrorCode code;
  } rows[] = {
      {16, {0, 0, 0, 0}, ErrorCode::bad_dimensions},
      {16, {0x80, 0, 0, 0}, ErrorCode::bad_dimensions},
      {20, {0, 0, 0, 0}, ErrorCode::bad_dimensions},
      {20, {0xFF, 0xFF, 0xFF, 0xFF}, ErrorCode::bad_dimensions},
      {24, {0}, ErrorCode::bad_bit_depth},
      {24, {4}, ErrorCode::bad_bit_depth},
      {24, {32}, ErrorCode::bad_bit_depth},
      {25, {1}, ErrorCode::bad_color_type},
      {25, {7}, ErrorCode::bad_color_type},
      {25, {255}, ErrorCode::bad_color_type},
      {26, {1}, ErrorCode::bad_compression_method},
      {27, {64}, ErrorCode::bad_filter_method},
      {28, {2}, ErrorCode::bad_interlace_method},
  };
  for (const auto& row : rows) {
    CHECK(fault_of(patched(row.offset, row.value)) == Fault{row.code, row.offset});
  }
}

TEST_CASE("exactly the depths of the specification's table 12 are accepted") {
  const std::vector<png::Header> allowed = all_formats();
  for (unsigned type = 0; type < 256; ++type) {
    for (unsigned depth = 0; depth < 256; ++depth) {
      const auto type_byte = static_cast<std::uint8_t>(type);
      const auto depth_byte = static_cast<std::uint8_t>(depth);
      const bool fits = std::ranges::any_of(allowed, [&](const png::Header& format) {
        return static_cast<unsigned>(format.color_type) == type && format.bit_depth == depth;
      });
      bool accepted = true;
      try {
        static_cast<void>(png::read_header(patched(24, {depth_byte, type_byte})));
      } catch (const Error&) {
        accepted = false;
      }
      REQUIRE(accepted == fits);
    }
  }
}

TEST_CASE("33 bytes are enough and all of them are needed") {
  const Bytes file = joined({signature(), ihdr(kGood)});
  REQUIRE(file.size() == png::kHeaderBytes);
  const png::Header header = png::read_header(file);
  CHECK(header.width == 32);
  CHECK(header.height == 16);
  CHECK(header.color_type == png::ColorType::rgb);
  CHECK(header.bit_depth == 8);
  CHECK_FALSE(header.interlaced);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Fault expected =
        size < 8 ? Fault{ErrorCode::not_a_png, 0} : Fault{ErrorCode::truncated, 8};
    CHECK(fault_of(std::span{file}.first(size)) == expected);
  }
}

TEST_CASE("what stands first is the signature, then IHDR of 13 bytes with its CRC") {
  Bytes file = joined({signature(), ihdr(kGood)});
  for (std::size_t i = 0; i < 8; ++i) {
    Bytes wrong = file;
    wrong[i] ^= 1;
    CHECK(fault_of(wrong) == Fault{ErrorCode::not_a_png, 0});
  }
  const Bytes text = joined({signature(), chunk("tEXt", Bytes(13, 'x'))});
  CHECK(fault_of(text) == Fault{ErrorCode::missing_ihdr, 8});
  const Bytes longer = joined({signature(), chunk("IHDR", Bytes(14, 1))});
  CHECK(fault_of(longer) == Fault{ErrorCode::bad_ihdr_length, 8});
  file[0x1F] ^= 0x20;
  CHECK(fault_of(file) == Fault{ErrorCode::bad_crc, 0x1D});
}

TEST_CASE("a scanline takes its bits rounded up to bytes, also at the largest width") {
  CHECK(png::Header{1, 1, png::ColorType::gray, 1, false}.row_bytes(9) == 2);
  CHECK(png::Header{1, 1, png::ColorType::palette, 4, false}.row_bytes(3) == 2);
  CHECK(png::Header{1, 1, png::ColorType::gray_alpha, 16, false}.row_bytes(5) == 20);
  CHECK(png::Header{1, 1, png::ColorType::rgb, 8, false}.bits_per_pixel() == 24);
  CHECK(png::Header{1, 1, png::ColorType::rgba, 16, false}.row_bytes(0x7FFFFFFF) ==
        8 * std::uint64_t{0x7FFFFFFF});
}

}  // namespace
}  // namespace pixelferry::test

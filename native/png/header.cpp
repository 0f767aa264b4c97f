#include "png/header.hpp"

#include <algorithm>
#include <array>

#include "errors.hpp"
#include "png/big_endian.hpp"
#include "png/chunks.hpp"

namespace pixelferry::png {
namespace {

constexpr std::array<std::uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
constexpr std::uint32_t kMaxDimension = 0x7FFFFFFF;
constexpr std::size_t kIhdrBytes = 13;

// Where IHDR and its fields stand in the file.
constexpr std::size_t kIhdrAt = 8;
constexpr std::size_t kWidthAt = 16;
constexpr std::size_t kHeightAt = 20;
constexpr std::size_t kDepthAt = 24;
constexpr std::size_t kColorTypeAt = 25;
constexpr std::size_t kCompressionAt = 26;
constexpr std::size_t kFilterAt = 27;
constexpr std::size_t kInterlaceAt = 28;

constexpr std::uint32_t channels(ColorType type) noexcept {
  switch (type) {
    case ColorType::gray:
    case ColorType::palette:
      return 1;
    case ColorType::gray_alpha:
      return 2;
    case ColorType::rgb:
      return 3;
    case ColorType::rgba:
      return 4;
  }
  return 0;  // no color type of PNG
}

/// PNG specification, table 12.
constexpr bool depth_fits(ColorType type, std::uint8_t depth) noexcept {
  switch (depth) {
    case 1:
    case 2:
    case 4:
      return type == ColorType::gray || type == ColorType::palette;
    case 8:
      return true;
    case 16:
      return type != ColorType::palette;
    default:
      return false;
  }
}

void check(bool right, ErrorCode code, std::size_t offset) {
  if (!right) throw Error::invalid(code, offset);
}

std::uint32_t dimension(std::span<const std::uint8_t, 4> field, std::size_t offset) {
  const std::uint32_t value = read_u32(field);
  check(value != 0 && value <= kMaxDimension, ErrorCode::bad_dimensions, offset);
  return value;
}

}  // namespace

std::uint32_t Header::bits_per_pixel() const noexcept { return channels(color_type) * bit_depth; }

std::uint64_t Header::row_bytes(std::uint32_t pixels) const noexcept {
  return (std::uint64_t{pixels} * bits_per_pixel() + 7) / 8;
}

Header read_header(std::span<const std::uint8_t> png) {
  check(png.size() >= kSignature.size() && std::ranges::equal(png.first<8>(), kSignature),
        ErrorCode::not_a_png, 0);
  check(png.size() >= kHeaderBytes, ErrorCode::truncated, kIhdrAt);

  std::array<std::uint8_t, kHeaderBytes> bytes{};  // a copy: nothing is read twice
  std::ranges::copy(png.first<kHeaderBytes>(), bytes.begin());
  const std::span<const std::uint8_t, kHeaderBytes> in{bytes};
  check(ChunkType{read_u32(in.subspan<12, 4>())} == ChunkType::ihdr, ErrorCode::missing_ihdr,
        kIhdrAt);
  check(read_u32(in.subspan<kIhdrAt, 4>()) == kIhdrBytes, ErrorCode::bad_ihdr_length, kIhdrAt);
  ChunkReader{in, kIhdrAt}.next().check_crc();

  const std::uint32_t width = dimension(in.subspan<kWidthAt, 4>(), kWidthAt);
  const std::uint32_t height = dimension(in.subspan<kHeightAt, 4>(), kHeightAt);
  const ColorType type{in[kColorTypeAt]};
  check(channels(type) != 0, ErrorCode::bad_color_type, kColorTypeAt);
  check(depth_fits(type, in[kDepthAt]), ErrorCode::bad_bit_depth, kDepthAt);
  check(in[kCompressionAt] == 0, ErrorCode::bad_compression_method, kCompressionAt);
  check(in[kFilterAt] == 0, ErrorCode::bad_filter_method, kFilterAt);
  check(in[kInterlaceAt] <= 1, ErrorCode::bad_interlace_method, kInterlaceAt);
  return {.width = width,
          .height = height,
          .color_type = type,
          .bit_depth = in[kDepthAt],
          .interlaced = in[kInterlaceAt] == 1};
}

}  // namespace pixelferry::png

// The PNG signature and IHDR (PNG specification, 3rd edition, 5.2 and 11.2.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pixelferry::png {

inline constexpr std::size_t kHeaderBytes = 33;  // signature 8 + IHDR (8 + 13 + 4)

enum class ColorType : std::uint8_t { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgba = 6 };

struct Header {
  std::uint32_t width;   // 1 … 2^31 - 1
  std::uint32_t height;  // 1 … 2^31 - 1
  ColorType color_type;
  std::uint8_t bit_depth;  // 1, 2, 4, 8, 16: as the color type allows
  bool interlaced;         // Adam7

  [[nodiscard]] std::uint32_t bits_per_pixel() const noexcept;
  /// Bytes of an unfiltered scanline of `pixels` pixels, without the filter type byte.
  [[nodiscard]] std::uint64_t row_bytes(std::uint32_t pixels) const noexcept;
};

/// Reads the first 33 bytes. Throws Error: not_a_png, truncated, missing_ihdr, bad_ihdr_length,
/// bad_crc, bad_dimensions, bad_color_type, bad_bit_depth, bad_*_method.
Header read_header(std::span<const std::uint8_t> png);

}  // namespace pixelferry::png

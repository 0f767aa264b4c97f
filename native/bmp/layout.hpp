// Sizes and DIB header of the BMP file that a picture becomes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pixelferry::bmp {

/// Where everything lies in the file. All sizes in bytes. Rows stand bottom-up.
struct Layout {
  std::uint32_t width;
  std::uint32_t height;
  std::uint32_t depth;       // bits per pixel
  std::size_t stride;        // bytes from row to row, a multiple of 4
  std::size_t pixel_offset;  // bfOffBits
  std::size_t file_size;     // bfSize

  /// Offset in the file of picture row y, 0 being the top one.
  [[nodiscard]] std::size_t row_offset(std::uint32_t y) const noexcept {
    return pixel_offset + (std::size_t{height} - 1 - y) * stride;
  }
};

/// Pixels per metre, 0 where unknown (biXPelsPerMeter, biYPelsPerMeter).
struct Resolution {
  std::uint32_t x = 0;
  std::uint32_t y = 0;
};

/// Size in bytes of the 24-bit BMP of a width × height picture; never overflows (2^62 at most).
[[nodiscard]] std::uint64_t file_size_24(std::uint32_t width, std::uint32_t height) noexcept;

/// The 24-bit layout. Throws Error bmp_too_large if bfSize (32 bits unsigned) or the width and
/// height fields (32 bits signed) cannot hold it.
[[nodiscard]] Layout layout_24(std::uint32_t width, std::uint32_t height);

/// Writes BITMAPFILEHEADER and BITMAPINFOHEADER: layout.pixel_offset bytes at the front of `file`.
void write_headers(std::span<std::uint8_t> file, const Layout& layout,
                   Resolution resolution) noexcept;

}  // namespace pixelferry::bmp

// The 24-bit BMP file that every peer writes, filled the fast way: by pointers into reserved
// memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pixelferry::bench {

inline constexpr std::size_t kBmpHeaderBytes = 54;

/// Bytes of a row of `width` pixels: three a pixel, padded to four.
constexpr std::size_t bmp_stride(std::size_t width) { return (3 * width + 3) / 4 * 4; }

/// A file of its own, header written, pixels still to come.
class BmpFile {
 public:
  BmpFile(std::uint32_t width, std::uint32_t height);

  /// Row `y` from the top, padding included (which is zero already).
  [[nodiscard]] std::uint8_t* row(std::size_t y);
  /// Writes a row of RGB triples as BGR.
  void put_rgb_row(std::size_t y, const std::uint8_t* rgb);

  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return file_; }

 private:
  std::size_t width_;
  std::size_t height_;
  std::vector<std::uint8_t> file_;
};

/// BITMAPFILEHEADER and BITMAPINFOHEADER, 54 bytes, to `out`.
void write_bmp_header(std::uint8_t* out, std::uint32_t width, std::uint32_t height);

}  // namespace pixelferry::bench

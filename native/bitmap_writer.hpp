// Writes the scanlines of a PNG where they belong in a BMP file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bmp/layout.hpp"
#include "bmp/rows.hpp"
#include "png/decoder.hpp"
#include "png/header.hpp"
#include "png/survey.hpp"

namespace pixelferry {

/// Fills a 24-bit BMP file: headers and padding at once, pixels row by row. When every row of every
/// pass has been written, every byte of the file has been.
class BitmapWriter final : public png::ScanlineSink {
 public:
  /// Borrows `file`, which is layout.file_size bytes.
  BitmapWriter(std::span<std::uint8_t> file, const bmp::Layout& layout, const png::Header& header,
               const png::Survey& survey) noexcept;

  void write(const png::Pass& pass, std::uint32_t y,
             std::span<const std::uint8_t> scanline) noexcept override;

 private:
  void scatter(std::span<std::uint8_t> row, const png::Pass& pass,
               std::span<const std::uint8_t> scanline) const noexcept;

  std::span<std::uint8_t> file_;
  bmp::Layout layout_;
  std::size_t bits_per_pixel_;  // of the scanlines
  bmp::RowKernel kernel_;
  bmp::ScatterKernel scatter_;
  bmp::ColorTable colors_;
};

}  // namespace pixelferry

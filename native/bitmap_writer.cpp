#include "bitmap_writer.hpp"

#include <algorithm>
#include <array>

namespace pixelferry {
namespace {

constexpr std::size_t kPixelBytes = 3;
// Pixels converted before they are scattered; a multiple of 8, so that packed samples start at a
// byte, and 3 KiB in all.
constexpr std::size_t kScatterPixels = 1024;

bmp::ColorTable color_table(const png::Header& header, const png::Survey& survey) noexcept {
  if (header.color_type == png::ColorType::palette) return bmp::color_table(survey.palette);
  return header.bit_depth < 8 ? bmp::gray_table(header.bit_depth) : bmp::color_table({});
}

}  // namespace

BitmapWriter::BitmapWriter(std::span<std::uint8_t> file, const bmp::Layout& layout,
                           const png::Header& header, const png::Survey& survey) noexcept
    : file_{file},
      layout_{layout},
      bits_per_pixel_{header.bits_per_pixel()},
      kernel_{bmp::bgr_row_kernel(header.color_type, header.bit_depth)},
      scatter_{bmp::scatter_kernel()},
      colors_{color_table(header, survey)} {
  bmp::write_headers(file_, layout_, {.x = survey.x_per_metre, .y = survey.y_per_metre});
}

void BitmapWriter::write(const png::Pass& pass, std::uint32_t y,
                         std::span<const std::uint8_t> scanline) noexcept {
  const std::uint32_t picture_y = pass.y0 + y * pass.dy;
  const std::span<std::uint8_t> row = file_.subspan(layout_.row_offset(picture_y), layout_.stride);
  if (pass.dx == 1) {
    kernel_(row.data(), scanline.data(), pass.width, colors_);
  } else {
    scatter(row, pass, scanline);
  }
  if (pass.x0 == 0) std::ranges::fill(row.subspan(kPixelBytes * layout_.width), std::uint8_t{0});
}

void BitmapWriter::scatter(std::span<std::uint8_t> row, const png::Pass& pass,
                           std::span<const std::uint8_t> scanline) const noexcept {
  std::array<std::uint8_t, kPixelBytes * kScatterPixels> pixels;  // each is written before read
  std::size_t to = kPixelBytes * pass.x0;
  const std::uint8_t* from = scanline.data();
  for (std::size_t left = pass.width; left > 0;) {
    const std::size_t count = std::min(left, kScatterPixels);
    kernel_(pixels.data(), from, count, colors_);
    scatter_(&row[to], pixels.data(), count, pass.dx);
    to += kPixelBytes * pass.dx * count;
    from += count * bits_per_pixel_ / 8;
    left -= count;
  }
}

}  // namespace pixelferry

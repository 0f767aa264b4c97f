#include "bmp/layout.hpp"

#include <limits>

#include "errors.hpp"

namespace pixelferry::bmp {
namespace {

constexpr std::uint32_t kFileHeaderBytes = 14;  // BITMAPFILEHEADER
constexpr std::uint32_t kInfoHeaderBytes = 40;  // BITMAPINFOHEADER
constexpr std::uint32_t kPixelOffset = kFileHeaderBytes + kInfoHeaderBytes;
constexpr std::uint64_t kMaxFileSize = std::numeric_limits<std::uint32_t>::max();  // bfSize
constexpr std::uint32_t kMaxDimension = 0x7FFFFFFF;  // biWidth, biHeight

constexpr std::uint64_t stride_24(std::uint32_t width) noexcept {
  return (std::uint64_t{width} * 3 + 3) / 4 * 4;
}

/// Writes little-endian fields one after the other.
class FieldWriter {
 public:
  explicit FieldWriter(std::span<std::uint8_t> out) noexcept : out_{out} {}

  void u16(std::uint32_t value) noexcept { put<2>(value); }
  void u32(std::uint32_t value) noexcept { put<4>(value); }

 private:
  template <std::size_t Bytes>
  void put(std::uint32_t value) noexcept {
    for (std::uint8_t& byte : out_.first<Bytes>()) {
      byte = static_cast<std::uint8_t>(value);
      value >>= 8;
    }
    out_ = out_.subspan(Bytes);
  }

  std::span<std::uint8_t> out_;
};

}  // namespace

std::uint64_t file_size_24(std::uint32_t width, std::uint32_t height) noexcept {
  return kPixelOffset + stride_24(width) * height;
}

Layout layout_24(std::uint32_t width, std::uint32_t height) {
  if (width > kMaxDimension || height > kMaxDimension) {
    throw Error::limit(ErrorCode::bmp_too_large, kMaxDimension, width > height ? width : height);
  }
  const std::uint64_t size = file_size_24(width, height);
  if (size > kMaxFileSize) throw Error::limit(ErrorCode::bmp_too_large, kMaxFileSize, size);
  return {.width = width,
          .height = height,
          .depth = 24,
          .stride = static_cast<std::size_t>(stride_24(width)),
          .pixel_offset = kPixelOffset,
          .file_size = static_cast<std::size_t>(size)};
}

void write_headers(std::span<std::uint8_t> file, const Layout& layout,
                   Resolution resolution) noexcept {
  FieldWriter out{file.first(layout.pixel_offset)};
  // BITMAPFILEHEADER
  out.u16(0x4D42);                                           // bfType: "BM"
  out.u32(static_cast<std::uint32_t>(layout.file_size));     // bfSize
  out.u16(0);                                                // bfReserved1
  out.u16(0);                                                // bfReserved2
  out.u32(static_cast<std::uint32_t>(layout.pixel_offset));  // bfOffBits
  // BITMAPINFOHEADER
  out.u32(kInfoHeaderBytes);  // biSize
  out.u32(layout.width);      // biWidth
  out.u32(layout.height);     // biHeight: positive, the rows stand bottom-up
  out.u16(1);                 // biPlanes
  out.u16(layout.depth);      // biBitCount
  out.u32(0);                 // biCompression: BI_RGB
  out.u32(static_cast<std::uint32_t>(layout.stride * layout.height));  // biSizeImage
  out.u32(resolution.x);                                               // biXPelsPerMeter
  out.u32(resolution.y);                                               // biYPelsPerMeter
  out.u32(0);                                                          // biClrUsed
  out.u32(0);                                                          // biClrImportant
}

}  // namespace pixelferry::bmp

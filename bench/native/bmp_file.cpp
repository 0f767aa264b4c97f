#include "bmp_file.hpp"

namespace pixelferry::bench {
namespace {

void put16(std::uint8_t* out, std::uint32_t value) {
  out[0] = static_cast<std::uint8_t>(value);
  out[1] = static_cast<std::uint8_t>(value >> 8);
}

void put32(std::uint8_t* out, std::uint32_t value) {
  put16(out, value);
  put16(out + 2, value >> 16);
}

}  // namespace

void write_bmp_header(std::uint8_t* out, std::uint32_t width, std::uint32_t height) {
  const auto pixels = static_cast<std::uint32_t>(bmp_stride(width) * height);
  for (std::size_t i = 0; i < kBmpHeaderBytes; ++i) out[i] = 0;
  out[0] = 'B';
  out[1] = 'M';
  put32(out + 2, kBmpHeaderBytes + pixels);  // bfSize
  put32(out + 10, kBmpHeaderBytes);          // bfOffBits
  put32(out + 14, 40);                       // biSize
  put32(out + 18, width);
  put32(out + 22, height);
  put16(out + 26, 1);   // biPlanes
  put16(out + 28, 24);  // biBitCount
  put32(out + 34, pixels);
}

BmpFile::BmpFile(std::uint32_t width, std::uint32_t height)
    : width_{width}, height_{height}, file_(kBmpHeaderBytes + bmp_stride(width) * height) {
  write_bmp_header(file_.data(), width, height);
}

std::uint8_t* BmpFile::row(std::size_t y) {
  return file_.data() + kBmpHeaderBytes + (height_ - 1 - y) * bmp_stride(width_);
}

void BmpFile::put_rgb_row(std::size_t y, const std::uint8_t* rgb) {
  std::uint8_t* out = row(y);
  for (std::size_t x = 0; x < width_; ++x, out += 3, rgb += 3) {
    out[0] = rgb[2];
    out[1] = rgb[1];
    out[2] = rgb[0];
  }
}

}  // namespace pixelferry::bench

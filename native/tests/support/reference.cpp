#include "support/reference.hpp"

#include <lodepng.h>
#include <zlib.h>

namespace pixelferry::test {
namespace {

void little_endian(Bytes& to, std::size_t bytes, std::size_t value) {
  for (std::size_t i = 0; i < bytes; ++i, value >>= 8) {
    to.push_back(static_cast<std::uint8_t>(value));
  }
}

Bytes bmp_of(const Bytes& rgb, std::size_t width, std::size_t height) {
  const std::size_t padding = (4 - width * 3 % 4) % 4;
  const std::size_t image = (width * 3 + padding) * height;
  Bytes bmp{'B', 'M'};
  little_endian(bmp, 4, 54 + image);
  little_endian(bmp, 4, 0);
  little_endian(bmp, 4, 54);
  little_endian(bmp, 4, 40);
  little_endian(bmp, 4, width);
  little_endian(bmp, 4, height);
  little_endian(bmp, 2, 1);
  little_endian(bmp, 2, 24);
  little_endian(bmp, 4, 0);
  little_endian(bmp, 4, image);
  for (int i = 0; i < 4; ++i) little_endian(bmp, 4, 0);
  for (std::size_t y = height; y-- > 0;) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t pixel = 3 * (y * width + x);
      bmp.insert(bmp.end(), {rgb[pixel + 2], rgb[pixel + 1], rgb[pixel]});
    }
    bmp.insert(bmp.end(), padding, 0);
  }
  return bmp;
}

}  // namespace

Reference reference(std::span<const std::uint8_t> png) {
  Bytes rgb;
  unsigned width = 0;
  unsigned height = 0;
  const unsigned error = lodepng::decode(rgb, width, height, png.data(), png.size(), LCT_RGB, 8);
  return {error, error == 0 ? bmp_of(rgb, width, height) : Bytes{}};
}

bool zlib_accepts(std::span<const std::uint8_t> stream) {
  Bytes out(std::size_t{1} << 20);
  uLongf written = out.size();
  uLong read = static_cast<uLong>(stream.size());
  return uncompress2(out.data(), &written, stream.data(), &read) == Z_OK && read == stream.size();
}

}  // namespace pixelferry::test

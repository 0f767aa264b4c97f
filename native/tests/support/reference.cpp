#include "support/reference.hpp"

#include <lodepng.h>
#include <zlib.h>

#include <algorithm>
#include <new>
#include <utility>

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

std::optional<Bytes> inflated_by_zlib(std::span<const std::uint8_t> stream, std::size_t most) {
  z_stream zlib{};
  if (inflateInit(&zlib) != Z_OK) throw std::bad_alloc{};
  zlib.next_in = const_cast<Bytef*>(stream.data());
  zlib.avail_in = static_cast<uInt>(stream.size());
  Bytes out(std::min(most, 4 * stream.size() + 64));
  int result = Z_OK;
  for (;;) {
    zlib.next_out = out.data() + zlib.total_out;
    zlib.avail_out = static_cast<uInt>(out.size() - zlib.total_out);
    result = ::inflate(&zlib, Z_NO_FLUSH);
    if (result != Z_OK || zlib.avail_out != 0 || out.size() == most) break;
    out.resize(std::min(most, 2 * out.size()));
  }
  out.resize(zlib.total_out);
  inflateEnd(&zlib);
  const bool whole = result == Z_STREAM_END && zlib.avail_in == 0;
  return whole ? std::optional{std::move(out)} : std::nullopt;
}

bool zlib_accepts(std::span<const std::uint8_t> stream) {
  return inflated_by_zlib(stream, std::size_t{1} << 20).has_value();
}

}  // namespace pixelferry::test

// The code that this converter is measured against: lodepng, then a BMP pushed back byte by byte.
#include "article.hpp"

#include <lodepng.h>

#include <stdexcept>

#include "bmp_file.hpp"
#include "contender.hpp"

namespace pixelferry::bench {
namespace {

using Buffer = std::vector<unsigned char>;

void push(Buffer& bmp, unsigned value, int bytes) {
  for (int i = 0; i < bytes; ++i) bmp.push_back(static_cast<unsigned char>(value >> 8 * i));
}

Buffer bmp_of(const Buffer& rgb, unsigned width, unsigned height) {
  const auto stride = static_cast<unsigned>(bmp_stride(width));
  const unsigned pixels = stride * height;
  Buffer bmp;
  bmp.push_back('B');
  bmp.push_back('M');
  push(bmp, static_cast<unsigned>(kBmpHeaderBytes) + pixels, 4);
  push(bmp, 0, 4);
  push(bmp, kBmpHeaderBytes, 4);
  push(bmp, 40, 4);
  push(bmp, width, 4);
  push(bmp, height, 4);
  push(bmp, 1, 2);
  push(bmp, 24, 2);
  push(bmp, 0, 4);
  push(bmp, pixels, 4);
  push(bmp, 0, 16);
  const std::size_t row = std::size_t{3} * width;
  for (std::size_t y = height; y-- > 0;) {
    for (std::size_t x = 0; x < stride; ++x) {
      bmp.push_back(x < row ? rgb[y * row + x / 3 * 3 + 2 - x % 3] : 0);
    }
  }
  return bmp;
}

}  // namespace

Buffer article_bmp(Bytes png) {
  Buffer rgb;
  unsigned width = 0;
  unsigned height = 0;
  const unsigned error = lodepng::decode(rgb, width, height, png.data(), png.size(), LCT_RGB, 8);
  if (error != 0) throw std::runtime_error{lodepng_error_text(error)};
  return bmp_of(rgb, width, height);
}

Contender article() {
  const auto prepare = [](Bytes png) -> Job {
    return [png](const Sink& sink) { sink(article_bmp(png)); };
  };
  return {.name = "article", .version = LODEPNG_VERSION_STRING, .prepare = prepare};
}

}  // namespace pixelferry::bench

// lodepng with a writer as tight as it can be behind a decoded picture.
#include <lodepng.h>

#include <stdexcept>

#include "bmp_file.hpp"
#include "contender.hpp"

namespace pixelferry::bench {

Contender lodepng_tight() {
  const auto prepare = [](Bytes png) -> Job {
    return [png](const Sink& sink) {
      std::vector<unsigned char> rgb;
      unsigned width = 0;
      unsigned height = 0;
      const unsigned error =
          lodepng::decode(rgb, width, height, png.data(), png.size(), LCT_RGB, 8);
      if (error != 0) throw std::runtime_error{lodepng_error_text(error)};
      BmpFile bmp{width, height};
      for (std::size_t y = 0; y < height; ++y) {
        bmp.put_rgb_row(y, rgb.data() + y * width * 3);
      }
      sink(bmp.bytes());
    };
  };
  return {.name = "lodepng", .version = LODEPNG_VERSION_STRING, .prepare = prepare};
}

}  // namespace pixelferry::bench

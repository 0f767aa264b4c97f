// libspng: row by row where it can, else the whole picture, for it leaves Adam7's passes to the
// caller.
#include <spng.h>

#include <memory>
#include <stdexcept>

#include "bmp_file.hpp"
#include "contender.hpp"

namespace pixelferry::bench {
namespace {

void check(int error) {
  if (error != 0) throw std::runtime_error{spng_strerror(error)};
}

struct FreeContext {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};

void convert(Bytes png, const Sink& sink) {
  const std::unique_ptr<spng_ctx, FreeContext> owned{spng_ctx_new(0)};
  spng_ctx* const context = owned.get();
  if (context == nullptr) throw std::bad_alloc{};
  check(spng_set_png_buffer(context, png.data(), png.size()));
  spng_ihdr header{};
  check(spng_get_ihdr(context, &header));
  BmpFile bmp{header.width, header.height};
  const std::size_t row = std::size_t{3} * header.width;
  if (header.interlace_method == 0) {
    std::vector<std::uint8_t> rgb(row);
    check(spng_decode_image(context, nullptr, 0, SPNG_FMT_RGB8, SPNG_DECODE_PROGRESSIVE));
    for (std::size_t y = 0; y < header.height; ++y) {
      const int error = spng_decode_row(context, rgb.data(), rgb.size());
      if (error != SPNG_EOI || y + 1 != header.height) check(error);
      bmp.put_rgb_row(y, rgb.data());
    }
  } else {
    std::vector<std::uint8_t> rgb(row * header.height);
    check(spng_decode_image(context, rgb.data(), rgb.size(), SPNG_FMT_RGB8, 0));
    for (std::size_t y = 0; y < header.height; ++y) bmp.put_rgb_row(y, rgb.data() + y * row);
  }
  check(spng_decode_chunks(context));  // to the end: else the last CRC goes unchecked
  sink(bmp.bytes());
}

}  // namespace

Contender spng() {
  const auto prepare = [](Bytes png) -> Job {
    return [png](const Sink& sink) { convert(png, sink); };
  };
  return {.name = "libspng", .version = spng_version_string(), .prepare = prepare};
}

}  // namespace pixelferry::bench

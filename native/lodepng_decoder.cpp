#include "lodepng_decoder.hpp"

#include <lodepng.h>

#include <new>

namespace pixelferry {
namespace {

constexpr unsigned kOutOfMemory = 83;
constexpr unsigned kMetre = 1;
constexpr std::uint32_t kMaxPngInteger = 0x7FFF'FFFF;

bmp::Resolution resolution_of(const LodePNGInfo& info) noexcept {
  const bool known = info.phys_defined != 0 && info.phys_unit == kMetre &&
                     info.phys_x <= kMaxPngInteger && info.phys_y <= kMaxPngInteger;
  return known ? bmp::Resolution{.x = info.phys_x, .y = info.phys_y} : bmp::Resolution{};
}

RgbPicture decode(std::span<const std::uint8_t> png) {
  // As lodepng::decode(…, LCT_RGB, 8) sets it, which would not tell pHYs.
  lodepng::State state;
  state.info_raw.colortype = LCT_RGB;
  state.info_raw.bitdepth = 8;
  state.decoder.read_text_chunks = 0;
  state.decoder.remember_unknown_chunks = 0;

  RgbPicture picture;
  const unsigned error =
      lodepng::decode(picture.rgb, picture.width, picture.height, state, png.data(), png.size());
  if (error == kOutOfMemory) throw std::bad_alloc{};
  if (error != 0) picture.refusal = lodepng_error_text(error);
  picture.resolution = resolution_of(state.info_png);
  return picture;
}

}  // namespace

const RgbDecoder& lodepng_decoder() noexcept {
  static constexpr RgbDecoder kDecoder{.decode = decode, .refused = ErrorCode::refused_by_lodepng};
  return kDecoder;
}

const char* lodepng_version() noexcept { return LODEPNG_VERSION_STRING; }

}  // namespace pixelferry

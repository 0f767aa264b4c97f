// What a decoder outside the core has to offer so that the core can convert with it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bmp/layout.hpp"
#include "errors.hpp"

namespace pixelferry {

/// What such a decoder makes of a PNG: a picture, or the reason why there is none.
struct RgbPicture {
  std::vector<std::uint8_t> rgb;  // triples of 8-bit samples, top row first, without padding
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bmp::Resolution resolution;
  const char* refusal = nullptr;  // a literal; null if there is a picture
};

/// Nothing but a function and a number, so that it can live in another module than the core.
struct RgbDecoder {
  /// Borrows `png` for the call, in which nobody may write to it. Throws std::bad_alloc. Any
  /// thread.
  RgbPicture (*decode)(std::span<const std::uint8_t> png);
  ErrorCode refused;  // of kind refused: what its refusals are called
};

/// Names the Python capsule in which one module hands an RgbDecoder to another.
inline constexpr const char* kRgbDecoderCapsule = "pixelferry.rgb_decoder";

}  // namespace pixelferry

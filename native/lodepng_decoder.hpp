// lodepng as a decoder that the core can convert with. Not part of the core, which is free of it.
#pragma once

#include "rgb_decoder.hpp"

namespace pixelferry {

/// lodepng's own reading, to LCT_RGB of 8 bits; the resolution is that of pHYs if it is in metres.
[[nodiscard]] const RgbDecoder& lodepng_decoder() noexcept;

/// The lodepng that runs, as it names itself.
[[nodiscard]] const char* lodepng_version() noexcept;

}  // namespace pixelferry

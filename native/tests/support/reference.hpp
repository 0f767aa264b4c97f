// What lodepng makes of a PNG, as a 24-bit BMP file written the plainest way.
#pragma once

#include <cstdint>
#include <span>

#include "support/random.hpp"

namespace pixelferry::test {

struct Reference {
  unsigned lodepng_error;  // 0: accepted
  Bytes bmp;               // empty unless accepted; pixels per metre are 0
};

[[nodiscard]] Reference reference(std::span<const std::uint8_t> png);

}  // namespace pixelferry::test

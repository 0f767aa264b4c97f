// A PNG taken apart for the limits, which are given what a converter has to work for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "contender.hpp"

namespace pixelferry::bench {

struct PngParts {
  std::vector<Bytes> checked;          // of each chunk what its CRC covers; borrowed from the PNG
  std::vector<std::uint8_t> zlib;      // the payloads of all IDATs, joined
  std::vector<std::uint8_t> filtered;  // what they inflate to
  std::size_t bmp_size = 0;            // bytes of the 24-bit BMP
};

/// Takes a valid PNG apart. Throws std::runtime_error on an invalid one.
PngParts parts_of(Bytes png);

}  // namespace pixelferry::bench

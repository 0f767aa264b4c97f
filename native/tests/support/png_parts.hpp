// A PNG file taken apart into its chunks, right or wrong, and put together again.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/random.hpp"

namespace pixelferry::test {

struct PngPart {
  std::string type;
  Bytes data;
  std::uint32_t crc_error = 0;  // exclusive-or of the CRC in the file and the right one

  [[nodiscard]] bool is_ancillary() const { return (static_cast<unsigned>(type[0]) & 0x20U) != 0; }
};

struct PngParts {
  Bytes head;                  // signature and IHDR, 33 bytes as they are
  std::vector<PngPart> parts;  // up to IEND, or as far as there are whole chunks
  Bytes tail;                  // the rest as it is

  /// The image data: what all IDATs hold.
  [[nodiscard]] Bytes stream() const;
};

/// Joins to the same bytes whatever they are; below 33 bytes all is head.
[[nodiscard]] PngParts take_apart(std::span<const std::uint8_t> png);
[[nodiscard]] Bytes put_together(const PngParts& parts);

}  // namespace pixelferry::test

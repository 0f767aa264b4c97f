#include "png/crc.hpp"

#include <isa-l/crc.h>

namespace pixelferry::png {

std::uint32_t crc32(std::uint32_t crc, std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.empty()) return crc;
  return crc32_gzip_refl(crc, bytes.data(), bytes.size());
}

}  // namespace pixelferry::png

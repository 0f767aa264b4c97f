// Integers as PNG stores them: most significant byte first (PNG specification 7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pixelferry::png {

[[nodiscard]] constexpr std::uint32_t read_u32(std::span<const std::uint8_t, 4> bytes) noexcept {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

}  // namespace pixelferry::png

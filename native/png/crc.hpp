// CRC-32 of PNG chunks (PNG specification 5.5 and annex D).
#pragma once

#include <cstdint>
#include <span>

namespace pixelferry::png {

/// CRC-32 of everything so far: `crc` is 0 at the start, later the last result. Borrows `bytes` for
/// the call; any thread.
[[nodiscard]] std::uint32_t crc32(std::uint32_t crc, std::span<const std::uint8_t> bytes) noexcept;

}  // namespace pixelferry::png

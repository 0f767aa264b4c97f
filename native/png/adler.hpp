// Adler-32, the checksum of a zlib stream (RFC 1950, 8.2).
#pragma once

#include <cstdint>
#include <span>

namespace pixelferry::png {

/// Continues `adler` (1 at the start) over `bytes`. Any thread.
[[nodiscard]] std::uint32_t adler32(std::uint32_t adler,
                                    std::span<const std::uint8_t> bytes) noexcept;

}  // namespace pixelferry::png

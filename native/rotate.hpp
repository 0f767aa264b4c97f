// Byte rotation: every byte plus a number, modulo 256.
#pragma once

#include <cstdint>
#include <span>

namespace pixelferry {

/// Adds `by` to every byte, modulo 256, in place. Borrows for the call; cannot fail; any thread.
void rotate_in_place(std::span<std::uint8_t> bytes, std::uint8_t by) noexcept;

/// One pass, two results: `inverse` (same size, no overlap) receives bytes - by, then bytes += by.
void rotate_split(std::span<std::uint8_t> bytes, std::span<std::uint8_t> inverse,
                  std::uint8_t by) noexcept;

}  // namespace pixelferry

// The rule for a whole conversion of any file: what lodepng says, but for the documented
// differences.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace pixelferry::test {

/// Converts `png` in several ways and at several SIMD levels, chosen by its bytes, and compares
/// them with each other and with lodepng. Returns what disagrees, in words; empty if nothing does.
/// Pictures beyond 2^18 pixels must only be refused. Changes the SIMD level meanwhile: one thread.
[[nodiscard]] std::string png_disagreement(std::span<const std::uint8_t> png);

}  // namespace pixelferry::test

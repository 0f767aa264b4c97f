// Mutation of PNG files that keeps what does not change right, so that deep code is reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "support/random.hpp"

namespace pixelferry::fuzz {

/// `png` with some of its fields, chunks, scanlines or compressed bytes changed, about `most` bytes
/// at most. Any bytes may be given; what is no PNG becomes one.
[[nodiscard]] test::Bytes mutated_png(std::span<const std::uint8_t> png, std::size_t most,
                                      std::uint64_t seed);

}  // namespace pixelferry::fuzz

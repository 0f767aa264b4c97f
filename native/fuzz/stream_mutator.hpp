// Mutation of zlib streams in ways that reach behind the header and the Adler-32.
#pragma once

#include <cstddef>
#include <span>

#include "support/random.hpp"

namespace pixelferry::fuzz {

/// Inflated data larger than this is not worked on.
inline constexpr std::size_t kMostInflated = std::size_t{2} << 20;

/// What `stream` holds, as far as it can be read.
[[nodiscard]] test::Bytes inflated(std::span<const std::uint8_t> stream);

/// A zlib stream of `data`: made by zlib with random settings, or of random blocks and codes.
[[nodiscard]] test::Bytes compressed(std::span<const std::uint8_t> data, test::Random& random);

/// `stream` damaged or written otherwise, at most about `most` bytes.
[[nodiscard]] test::Bytes mutated_stream(test::Bytes stream, std::size_t most,
                                         test::Random& random);

}  // namespace pixelferry::fuzz

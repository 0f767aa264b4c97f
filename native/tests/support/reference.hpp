// What others make of the same bytes: lodepng of a PNG, zlib of its image data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "support/random.hpp"

namespace pixelferry::test {

/// A PNG as lodepng decodes it, as a 24-bit BMP file written the plainest way.
struct Reference {
  unsigned lodepng_error;  // 0: accepted
  Bytes bmp;               // empty unless accepted; pixels per metre are 0
};

[[nodiscard]] Reference reference(std::span<const std::uint8_t> png);

/// lodepng's error for a Huffman code with gaps or overlaps.
inline constexpr unsigned kIncompleteCode = 55;
/// lodepng's error for a literal or length symbol beyond 285.
inline constexpr unsigned kUndefinedLength = 16;

/// What zlib makes of `stream` if that is one zlib stream with nothing behind it and holds at most
/// `most` bytes; else nothing.
[[nodiscard]] std::optional<Bytes> inflated_by_zlib(std::span<const std::uint8_t> stream,
                                                    std::size_t most);

/// Whether zlib takes `stream` for one zlib stream (of at most 1 MiB) with nothing behind it.
[[nodiscard]] bool zlib_accepts(std::span<const std::uint8_t> stream);

}  // namespace pixelferry::test

// Deflate data that no compressor writes: random blocks, matches and Huffman codes of every shape.
#pragma once

#include <cstdint>
#include <span>

#include "support/random.hpp"

namespace pixelferry::test {

/// How the Huffman codes of dynamic blocks are made.
enum class Codes : std::uint8_t {
  complete,
  gaps,   // some bit patterns are undefined; none is used
  wrong,  // now and then too many codes, or a symbol that has none
};

/// Raw deflate data that inflates to `data`, unless `codes` is wrong.
[[nodiscard]] Bytes random_deflate(std::span<const std::uint8_t> data, Codes codes, Random& random);

/// Raw deflate data that inflates to `data`, with about `bytes` bytes of dynamic blocks before
/// place `at` of it that bring random codes and yield nothing.
[[nodiscard]] Bytes deflate_with_empty_blocks(std::span<const std::uint8_t> data, std::size_t at,
                                              std::size_t bytes, Random& random);

}  // namespace pixelferry::test

// Raw inflating by ISA-L.
#pragma once

#include <isa-l.h>

#include <cstdint>
#include <span>

#include "png/raw_inflate.hpp"

namespace pixelferry::png {

/// Inflates raw deflate data piece by piece. Not thread-safe. ISA-L is as strict as zlib, except
/// that it accepts an incomplete Huffman code as long as no code that is missing is used.
class IsalInflater {
 public:
  IsalInflater() noexcept { isal_inflate_init(&state_); }

  /// Makes ready for new data.
  void reset() noexcept { isal_inflate_reset(&state_); }

  /// Reads from the front of `in` and writes to the front of `out`, which it may scribble on behind
  /// that, until one of them is used up or the data ends. Both are below 4 GiB.
  RawProgress inflate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) noexcept;

  /// Whether all input so far ends inside the header of a block, or between two blocks.
  [[nodiscard]] bool in_block_header() const noexcept {
    return state_.block_state == ISAL_BLOCK_HDR;
  }

 private:
  inflate_state state_;
};

}  // namespace pixelferry::png

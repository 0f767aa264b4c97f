// What the libraries that inflate piece by piece have in common.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pixelferry::png {

/// What became of a piece of raw deflate data (RFC 1951).
struct RawProgress {
  enum class State : std::uint8_t { more, finished, failed };

  std::size_t read = 0;     // bytes of the input, from its front
  std::size_t written = 0;  // bytes of the output, from its front; 0 if it failed
  State state = State::more;
  /// Once it is finished: bytes behind the deflate data that were read all the same, this time or
  /// before.
  std::array<std::uint8_t, 8> ahead{};
  std::size_t ahead_bytes = 0;
};

}  // namespace pixelferry::png

#include "rotate.hpp"

#include <cstddef>

// The loops are written so that compilers vectorise them: SSE2 or NEON is part of every target.
namespace pixelferry {

void rotate_in_place(std::span<std::uint8_t> bytes, std::uint8_t by) noexcept {
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(byte + by);
}

void rotate_split(std::span<std::uint8_t> bytes, std::span<std::uint8_t> inverse,
                  std::uint8_t by) noexcept {
  std::uint8_t* const __restrict in = bytes.data();
  std::uint8_t* const __restrict out = inverse.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t byte = in[i];
    out[i] = static_cast<std::uint8_t>(byte - by);
    in[i] = static_cast<std::uint8_t>(byte + by);
  }
}

}  // namespace pixelferry

// RequestBuffer: the bytearray that a request's body is received in.
#pragma once

#include <cstddef>

namespace pixelferry::bindings {

/// Bytes of the pool's block that a RequestBuffer of `n` bytes lies in, before they are rounded up
/// to a capacity; 0 if it has memory of its own, which is then exactly `n` bytes.
[[nodiscard]] std::size_t request_block_size(std::size_t n) noexcept;

}  // namespace pixelferry::bindings

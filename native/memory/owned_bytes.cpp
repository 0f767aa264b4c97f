#include "memory/owned_bytes.hpp"

#include <utility>

namespace pixelferry::memory {

OwnedBytes::OwnedBytes(Block block, Copies copies) noexcept
    : owner_{std::move(block)}, bytes_{std::get_if<Block>(&owner_)->bytes()}, copies_{copies} {}

OwnedBytes::OwnedBytes(std::span<const std::uint8_t> bytes, Finalizer finalizer) noexcept
    : owner_{std::move(finalizer)}, bytes_{bytes} {}

OwnedBytesRef copy_of(std::span<const std::uint8_t> bytes, Pool& pool) {
  Block block = pool.acquire(bytes.size());
  const Copies copies = copy_bytes(block.bytes(), bytes);
  return std::make_shared<const OwnedBytes>(std::move(block), copies);
}

}  // namespace pixelferry::memory

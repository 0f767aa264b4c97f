#include "memory/copies.hpp"

#include <atomic>
#include <cstring>

namespace pixelferry::memory {
namespace {

std::atomic<std::uint64_t> total_passes{0};
std::atomic<std::uint64_t> total_bytes{0};

}  // namespace

Copies copy_bytes(std::span<std::uint8_t> to, std::span<const std::uint8_t> from) noexcept {
  if (from.empty()) return {};
  std::memcpy(to.data(), from.data(), from.size());
  total_passes.fetch_add(1, std::memory_order_relaxed);
  total_bytes.fetch_add(from.size(), std::memory_order_relaxed);
  return {.passes = 1, .bytes = from.size()};
}

Copies copy_totals() noexcept {
  return {.passes = total_passes.load(std::memory_order_relaxed),
          .bytes = total_bytes.load(std::memory_order_relaxed)};
}

}  // namespace pixelferry::memory

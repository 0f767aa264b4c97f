// The one place where payload is copied, and the count of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pixelferry::memory {

struct Copies {
  std::uint64_t passes = 0;  // passes over a payload
  std::uint64_t bytes = 0;
};

/// Copies `from` to the front of `to` (at least as large, no overlap) and adds it to the process's
/// total. Returns what it counted. Any thread.
Copies copy_bytes(std::span<std::uint8_t> to, std::span<const std::uint8_t> from) noexcept;

/// All copies the core made since the process started. Any thread.
[[nodiscard]] Copies copy_totals() noexcept;

}  // namespace pixelferry::memory

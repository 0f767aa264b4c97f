// Makes allocations fail. Only for a program of its own: it replaces operator new, and the linker
// has to put it before mmap and libdeflate_alloc_decompressor (--wrap).
#pragma once

#include <cstddef>
#include <cstdint>

namespace pixelferry::test {

enum class Failing : std::uint8_t { once, from_then_on };

struct Allocations {
  std::size_t operator_new = 0;
  std::size_t mmap = 0;
  std::size_t libdeflate = 0;

  [[nodiscard]] std::size_t total() const noexcept { return operator_new + mmap + libdeflate; }
  Allocations& operator+=(const Allocations& more) noexcept;
};

/// While it lives, allocation number `at` of this thread, counted from 1, fails, and maybe all
/// after it. One a thread.
class FailingAllocations {
 public:
  FailingAllocations(std::size_t at, Failing how) noexcept;
  ~FailingAllocations();
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  /// What failed until now.
  [[nodiscard]] Allocations failed() const noexcept;
};

}  // namespace pixelferry::test

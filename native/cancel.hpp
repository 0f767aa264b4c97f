// The flag by which any thread stops a running conversion.
#pragma once

#include <atomic>

#include "errors.hpp"

namespace pixelferry {

/// Tells a running conversion to stop; it looks every few rows, every 128 KiB of image data where
/// that yields none, and every few thousand chunks. Any thread may set it.
class CancelFlag {
 public:
  void set() noexcept { flag_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool is_set() const noexcept { return flag_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> flag_{false};
};

/// Throws Error cancelled if there is a flag and it is set.
inline void throw_if_set(const CancelFlag* cancel) {
  if (cancel != nullptr && cancel->is_set()) throw Error::of(ErrorCode::cancelled);
}

}  // namespace pixelferry

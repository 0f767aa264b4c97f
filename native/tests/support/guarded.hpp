// Memory between two pages that nobody may touch: an access beyond either end ends the test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pixelferry::test {

/// Readable and writable bytes, directly before or directly behind a forbidden page. Zeroed.
class Guarded {
 public:
  enum class At : std::uint8_t { begin, end };

  /// `at` says which end of the bytes touches its forbidden page.
  Guarded(std::size_t size, At at);
  Guarded(std::span<const std::uint8_t> content, At at);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  [[nodiscard]] std::span<std::uint8_t> bytes() const noexcept { return bytes_; }

 private:
  std::span<std::uint8_t> mapping_;
  std::span<std::uint8_t> bytes_;
};

}  // namespace pixelferry::test

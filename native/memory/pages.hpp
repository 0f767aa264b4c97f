// Page-aligned anonymous memory, with huge pages where they waste nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pixelferry::memory {

inline constexpr std::size_t kHugePageSize = std::size_t{2} * 1024 * 1024;  // with 4 KiB base pages

/// A private anonymous mapping, unmapped by the destructor. Move-only.
class Pages {
 public:
  /// Maps `capacity` bytes, a multiple of page_size(), of which the first `used` will be written.
  /// The whole 2 MiB among those are aligned and advised MADV_HUGEPAGE, the rest is kept from
  /// becoming huge, so that no more is resident than was written; without huge pages all works
  /// alike. Throws std::bad_alloc.
  Pages(std::size_t capacity, std::size_t used);
  ~Pages();
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  [[nodiscard]] std::span<std::uint8_t> bytes() const noexcept { return bytes_; }

 private:
  std::span<std::uint8_t> bytes_;
};

[[nodiscard]] std::size_t page_size() noexcept;

}  // namespace pixelferry::memory

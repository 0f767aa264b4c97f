#include "memory/pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <limits>
#include <new>
#include <utility>

namespace pixelferry::memory {
namespace {

std::uint8_t* map(std::size_t bytes) {
  void* address =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc{};
  return static_cast<std::uint8_t*>(address);
}

/// Maps one huge page more than asked and gives the ends back, so that the kernel can use huge
/// ones.
std::uint8_t* map_aligned(std::size_t bytes) {
  if (bytes > std::numeric_limits<std::size_t>::max() - kHugePageSize) throw std::bad_alloc{};
  std::uint8_t* const raw = map(bytes + kHugePageSize);
  const std::size_t head =
      (kHugePageSize - reinterpret_cast<std::uintptr_t>(raw) % kHugePageSize) % kHugePageSize;
  if (head != 0) ::munmap(raw, head);
  if (head != kHugePageSize) ::munmap(raw + head + bytes, kHugePageSize - head);
  return raw + head;
}

}  // namespace

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

Pages::Pages(std::size_t capacity, std::size_t used) {
  if (used < kHugePageSize) {
    bytes_ = {map(capacity), capacity};
    return;
  }
  bytes_ = {map_aligned(capacity), capacity};
  const std::size_t huge = used / kHugePageSize * kHugePageSize;
  // Advice: failing changes nothing.
  ::madvise(bytes_.data(), huge, MADV_HUGEPAGE);
  if (huge < capacity) ::madvise(bytes_.data() + huge, capacity - huge, MADV_NOHUGEPAGE);
}

Pages::~Pages() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

Pages::Pages(Pages&& other) noexcept : bytes_{std::exchange(other.bytes_, {})} {}

Pages& Pages::operator=(Pages&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace pixelferry::memory

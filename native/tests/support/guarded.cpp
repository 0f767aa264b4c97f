#include "support/guarded.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "memory/pages.hpp"

namespace pixelferry::test {

Guarded::Guarded(std::size_t size, At at) {
  const std::size_t page = memory::page_size();
  const std::size_t inner = std::max<std::size_t>(1, (size + page - 1) / page) * page;
  const std::size_t whole = inner + 2 * page;
  void* const memory =
      mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc{};
  mapping_ = {static_cast<std::uint8_t*>(memory), whole};
  const bool guarded = mprotect(mapping_.data(), page, PROT_NONE) == 0 &&
                       mprotect(mapping_.last(page).data(), page, PROT_NONE) == 0;
  if (!guarded) {
    munmap(memory, whole);
    throw std::bad_alloc{};
  }
  bytes_ = mapping_.subspan(page, inner);
  bytes_ = at == At::begin ? bytes_.first(size) : bytes_.last(size);
}

Guarded::Guarded(std::span<const std::uint8_t> content, At at) : Guarded{content.size(), at} {
  std::ranges::copy(content, bytes_.begin());
}

Guarded::~Guarded() { munmap(mapping_.data(), mapping_.size()); }

}  // namespace pixelferry::test

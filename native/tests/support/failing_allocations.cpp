#include "support/failing_allocations.hpp"

#include <libdeflate.h>
#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace pixelferry::test {
namespace {

struct Plan {
  bool active = false;
  Failing how = Failing::once;
  std::size_t until = 0;  // allocations to go, with the one that fails
  Allocations failed;
};
thread_local Plan plan;

/// Counts one allocation, and says whether it fails; then `failed` counts it too.
bool fails(std::size_t Allocations::* failed) noexcept {
  if (!plan.active) return false;
  if (plan.until != 0) --plan.until;
  if (plan.until != 0 || (plan.how == Failing::once && plan.failed.total() != 0)) return false;
  ++(plan.failed.*failed);
  return true;
}

void* checked(void* memory) {
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

// NOLINTBEGIN(*-no-malloc, *-owning-memory): what stands behind new and delete
void* allocate(std::size_t size) {
  return checked(fails(&Allocations::operator_new) ? nullptr : std::malloc(size));
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  const auto multiple = static_cast<std::size_t>(alignment);
  const std::size_t whole = (size + multiple - 1) / multiple * multiple;
  return checked(fails(&Allocations::operator_new) ? nullptr : std::aligned_alloc(multiple, whole));
}
// NOLINTEND(*-no-malloc, *-owning-memory)

}  // namespace

Allocations& Allocations::operator+=(const Allocations& more) noexcept {
  operator_new += more.operator_new;
  mmap += more.mmap;
  libdeflate += more.libdeflate;
  return *this;
}

FailingAllocations::FailingAllocations(std::size_t at, Failing how) noexcept {
  plan = {.active = true, .how = how, .until = at, .failed = {}};
}

FailingAllocations::~FailingAllocations() { plan = {}; }

Allocations FailingAllocations::failed() const noexcept { return plan.failed; }

}  // namespace pixelferry::test

// NOLINTBEGIN(*-no-malloc, *-owning-memory)
void* operator new(std::size_t size) { return pixelferry::test::allocate(size); }
void* operator new[](std::size_t size) { return pixelferry::test::allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return pixelferry::test::allocate(size, alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
// NOLINTEND(*-no-malloc, *-owning-memory)

// The linker's names.
// NOLINTBEGIN(bugprone-reserved-identifier, cert-dcl37-c, cert-dcl51-cpp, *-identifier-naming)
extern "C" {
void* __real_mmap(void* address, std::size_t size, int protection, int flags, int fd, off_t offset);
libdeflate_decompressor* __real_libdeflate_alloc_decompressor();

void* __wrap_mmap(void* address, std::size_t size, int protection, int flags, int fd,
                  off_t offset) {
  if (pixelferry::test::fails(&pixelferry::test::Allocations::mmap)) return MAP_FAILED;
  return __real_mmap(address, size, protection, flags, fd, offset);
}

libdeflate_decompressor* __wrap_libdeflate_alloc_decompressor() {
  if (pixelferry::test::fails(&pixelferry::test::Allocations::libdeflate)) return nullptr;
  return __real_libdeflate_alloc_decompressor();
}
}
// NOLINTEND(bugprone-reserved-identifier, cert-dcl37-c, cert-dcl51-cpp, *-identifier-naming)

// A conversion stays within the working set that inspect() promises, and a small picture on a warm
// thread allocates nothing. This is a program of its own, for it replaces operator new to count.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <thread>

#include "convert.hpp"
#include "png/inflate_whole.hpp"
#include "support/bombs.hpp"
#include "support/png_builder.hpp"

namespace {

// Of the thread that looks at them; each thread counts its own.
thread_local std::size_t held = 0;
thread_local std::size_t peak = 0;
thread_local std::size_t allocations = 0;

// NOLINTBEGIN(*-no-malloc, *-owning-memory): what stands behind new and delete
void* counted(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc{};
  held += malloc_usable_size(memory);
  peak = std::max(peak, held);
  ++allocations;
  return memory;
}

void uncounted(void* memory) noexcept {
  held -= malloc_usable_size(memory);
  std::free(memory);
}
// NOLINTEND(*-no-malloc, *-owning-memory)

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { uncounted(memory); }

namespace pixelferry::test {
namespace {

TEST_CASE("libdeflate, which allocates by itself, stays within what is set aside for it") {
  const std::size_t before = ::mallinfo2().uordblks;  // 0 under sanitizers
  const png::WholeInflater inflater;
  CHECK(::mallinfo2().uordblks - before <= png::WholeInflater::kStateBytes);
}

/// The most that one conversion on a fresh thread holds.
std::size_t peak_of(const Bytes& png) {
  Bytes bmp(static_cast<std::size_t>(inspect(png).output_size));
  std::size_t most = 0;
  std::thread{[&] {
    const std::size_t before = held;
    peak = held;
    try {
      convert_into(png, bmp, Limits{}, nullptr);
    } catch (const Error& error) {  // a refusal may take no more than a conversion
      REQUIRE(error.code() != ErrorCode::out_of_memory);
    }
    most = peak - before;
  }}.join();
  return most;
}

TEST_CASE("what a fresh thread allocates for any format and size stays within the working set") {
  Random random;
  for (png::Header header : all_formats()) {
    for (const std::uint32_t width : {1U, 1'000U, 65'535U}) {
      header.width = width;
      header.height = 2;
      header.interlaced = random.below(2) == 0;
      const Bytes png = random_png(header, Filters::mixed, random);
      const std::size_t most = peak_of(png);
      CAPTURE(width);
      CHECK(most > 0);
      CHECK(most <= inspect(png).working_set);
    }
  }
}

TEST_CASE("files made to cost as much as they can stay within the working set, too") {
  Random random;
  for (const Bomb& bomb : bombs(random)) {
    CAPTURE(bomb.name);
    const std::size_t most = peak_of(bomb.png);
    CHECK(most > 0);
    CHECK(most <= inspect(bomb.png).working_set);
  }
}

TEST_CASE("a small picture on a warm thread and into memory of the caller allocates nothing") {
  Random random;
  for (png::Header header : all_formats()) {
    header.width = 32;
    header.height = 32;
    header.interlaced = random.below(2) == 0;
    const Bytes png = random_png(header, Filters::mixed, random);
    Bytes bmp(static_cast<std::size_t>(inspect(png).output_size));
    convert_into(png, bmp, Limits{}, nullptr);
    const std::size_t before = allocations;
    convert_into(png, bmp, Limits{}, nullptr);
    const std::size_t made = allocations - before;
    CHECK(made == 0);
  }
}

}  // namespace
}  // namespace pixelferry::test

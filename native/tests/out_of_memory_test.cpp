// Wherever memory runs out in a conversion, it ends with out_of_memory, nothing is held, and the
// next one works. This is a program of its own, for it replaces what allocates.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <thread>

#include "convert.hpp"
#include "errors.hpp"
#include "memory/account.hpp"
#include "memory/owned_bytes.hpp"
#include "memory/pool.hpp"
#include "support/failing_allocations.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

using memory::Account;
using memory::OwnedBytesRef;
using memory::Pool;
using memory::Reservation;

constexpr std::size_t kMostAllocations = 1000;  // of one conversion; bounds a test that fails

/// What the binding makes of a picture.
OwnedBytesRef convert_reserved(const Bytes& png, Pool& pool, Reservation& reserved) {
  Converted converted = convert(png, Limits{}, nullptr, pool);
  auto owned = std::make_shared<memory::OwnedBytes>(std::move(converted.block));
  owned->attach(reserved.take());
  return owned;
}

/// The code of the error, of which the binding makes the same one where convert() is not at fault.
std::optional<ErrorCode> error_of(const Bytes& png, Pool& pool, Reservation& reserved) {
  try {
    static_cast<void>(convert_reserved(png, pool, reserved));
    return std::nullopt;
  } catch (const Error& error) {
    return error.code();
  } catch (const std::bad_alloc&) {
    return ErrorCode::out_of_memory;
  }
}

/// Converts on a fresh thread, while its allocation number `at` fails, then once more.
Allocations fail_at(std::size_t at, Failing how, const Bytes& png, const Bytes& expected) {
  const std::size_t capacity = memory::capacity_for(expected.size());
  Pool pool{0};
  const auto account = std::make_shared<Account>(memory::Share{.limit = capacity}, pool);
  auto reserved = account->try_reserve({.bytes = capacity, .output = expected.size()});
  REQUIRE(reserved.has_value());

  Allocations failed;
  std::optional<ErrorCode> error;
  OwnedBytesRef next;
  std::thread{[&] {
    {
      const FailingAllocations failing{at, how};
      error = error_of(png, pool, *reserved);
      failed = failing.failed();
    }
    if (error) next = convert_reserved(png, pool, *reserved);
  }}.join();

  CAPTURE(at);
  CHECK(error.has_value() == (failed.total() != 0));
  if (error) {
    CHECK(*error == ErrorCode::out_of_memory);
    CHECK(std::ranges::equal(next->bytes(), expected));
    CHECK(account->held() == capacity);  // given back with the bytes, not by the error
    next.reset();
  }
  CHECK(account->held() == 0);
  CHECK(pool.stats().used_blocks == 0);
  CHECK(pool.stats().used_bytes == 0);
  return failed;
}

/// Fails one allocation after the other, until a conversion needs no more.
Allocations fail_everywhere(Failing how, const Bytes& png) {
  Bytes expected(static_cast<std::size_t>(inspect(png).output_size));
  convert_into(png, expected, Limits{}, nullptr);
  Allocations failed;
  for (std::size_t at = 1; at < kMostAllocations; ++at) {
    const Allocations more = fail_at(at, how, png, expected);
    if (more.total() == 0) return failed;
    failed += more;
  }
  FAIL("it goes on allocating");
  return failed;
}

TEST_CASE("a conversion that runs out of memory anywhere says so and holds nothing") {
  Random random;
  for (const Failing how : {Failing::once, Failing::from_then_on}) {
    Allocations failed;
    for (png::Header header : all_formats()) {
      for (const std::uint32_t width : {20U, 3'000U}) {
        header.width = width;
        header.height = 50;
        header.interlaced = random.below(2) == 0;
        failed += fail_everywhere(how, random_png(header, Filters::mixed, random));
      }
    }
    CHECK(failed.operator_new > 0);
    CHECK(failed.mmap > 0);
    CHECK(failed.libdeflate > 0);
  }
}

TEST_CASE("a block that cannot be kept idle for want of memory is unmapped") {
  Pool pool{std::size_t{1} << 20};
  {
    std::optional<memory::Block> block{pool.acquire(10'000)};
    const FailingAllocations failing{1, Failing::from_then_on};
    block.reset();
    CHECK(failing.failed().operator_new == 1);
  }
  CHECK(pool.stats().used_blocks == 0);
  CHECK(pool.stats().idle_blocks == 0);
  CHECK(pool.stats().idle_bytes == 0);
  static_cast<void>(pool.acquire(10'000));
  CHECK(pool.stats().idle_blocks == 1);
}

}  // namespace
}  // namespace pixelferry::test

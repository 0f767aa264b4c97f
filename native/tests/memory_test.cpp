// Blocks are reused, bounded and given back from any thread; owned bytes live as long as anybody
// refers to them. ThreadSanitizer runs these tests too.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include "memory/copies.hpp"
#include "memory/owned_bytes.hpp"
#include "memory/pages.hpp"
#include "memory/pool.hpp"
#include "support/random.hpp"

namespace pixelferry::test {
namespace {

using memory::Block;
using memory::Pool;
using memory::PoolStats;

constexpr std::size_t kMebi = std::size_t{1} << 20;

void check_idle(const PoolStats& stats) {
  CHECK(stats.used_blocks == 0);
  CHECK(stats.used_bytes == 0);
}

TEST_CASE("a capacity is whole pages, holds its size, and wastes at most an eighth and a page") {
  Random random;
  for (int round = 0; round < 2000; ++round) {
    const std::size_t size = random.below(std::size_t{1} << (1 + random.below(33)));
    const std::size_t capacity = memory::capacity_for(size);
    const std::size_t pages =
        (std::max<std::size_t>(size, 1) + memory::page_size() - 1) / memory::page_size();
    CAPTURE(size);
    REQUIRE(capacity % memory::page_size() == 0);
    REQUIRE(capacity >= size);
    REQUIRE(capacity <= pages * memory::page_size() / 8 * 9);
  }
}

TEST_CASE("what does not fit is bad_alloc and leaves no trace in the figures") {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  CHECK_THROWS_AS(static_cast<void>(memory::capacity_for(kMost)), std::bad_alloc);
  Pool pool{kMebi};
  CHECK_THROWS_AS(static_cast<void>(pool.acquire(kMost)), std::bad_alloc);
  CHECK_THROWS_AS(static_cast<void>(pool.acquire(kMost / 4)), std::bad_alloc);
  check_idle(pool.stats());
  CHECK(pool.stats().mapped == 0);
}

TEST_CASE("a block has the size asked for, starts at a page, and all of it can be written") {
  Pool pool{0};
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4097}, 3 * kMebi + 5}) {
    const Block block = pool.acquire(size);
    CHECK(block.bytes().size() == size);
    CHECK(block.capacity() == memory::capacity_for(size));
    CHECK(reinterpret_cast<std::uintptr_t>(block.bytes().data()) % memory::page_size() == 0);
    std::ranges::fill(block.bytes(), std::uint8_t{0xFF});
  }
  check_idle(pool.stats());
}

std::size_t resident_pages(std::span<const std::uint8_t> bytes) {
  std::vector<unsigned char> states(bytes.size() / memory::page_size());
  REQUIRE(::mincore(const_cast<std::uint8_t*>(bytes.data()), bytes.size(), states.data()) == 0);
  return static_cast<std::size_t>(
      std::ranges::count_if(states, [](unsigned char state) { return (state & 1U) != 0; }));
}

TEST_CASE("huge pages are aligned, and make nothing resident that is not used") {
  for (const std::size_t used : {2 * kMebi, 4 * kMebi - 1, 5 * kMebi + 1}) {
    const memory::Pages pages{6 * kMebi, used};
    CHECK(reinterpret_cast<std::uintptr_t>(pages.bytes().data()) % (2 * kMebi) == 0);
    CHECK(pages.bytes().size() == 6 * kMebi);
    CHECK(resident_pages(pages.bytes()) == 0);
    std::ranges::fill(pages.bytes().first(used), std::uint8_t{1});
    const std::size_t page = memory::page_size();
    CHECK(resident_pages(pages.bytes()) == (used + page - 1) / page);
    CHECK(pages.bytes().back() == 0);
  }
}

TEST_CASE("a block given back is handed out again to the next of its class") {
  Pool pool{kMebi};
  const std::uint8_t* first = nullptr;
  {
    const Block block = pool.acquire(10'000);
    first = block.bytes().data();
    CHECK(pool.stats().used_bytes == block.capacity());
  }
  CHECK(pool.stats().idle_blocks == 1);
  const Block again = pool.acquire(9'000);
  CHECK(again.bytes().data() == first);
  CHECK(pool.stats().idle_blocks == 0);
  CHECK(pool.stats().idle_bytes == 0);
  CHECK(pool.stats().reused == 1);
  CHECK(pool.stats().mapped == 1);
  const Block other = pool.acquire(kMebi);
  CHECK(pool.stats().mapped == 2);
}

TEST_CASE("what is kept idle is bounded, and trimmed largest first") {
  Pool pool{100'000};
  {
    std::vector<Block> blocks;
    for (int i = 0; i < 10; ++i) blocks.push_back(pool.acquire(30'000));
    blocks.push_back(pool.acquire(200'000));
  }
  check_idle(pool.stats());
  CHECK(pool.stats().idle_blocks == 3);
  CHECK(pool.stats().idle_bytes <= 100'000);
  {
    const Block small = pool.acquire(1);
  }
  const std::size_t before = pool.stats().idle_bytes;
  const std::size_t large = memory::capacity_for(30'000);
  CHECK(pool.trim({.keep_bytes = before - 1}) == large);
  CHECK(pool.stats().idle_bytes == before - large);
  CHECK(pool.trim({}) == before - large);
  CHECK(pool.stats().idle_bytes == 0);
  CHECK(pool.stats().idle_blocks == 0);
}

TEST_CASE("the block given back last is handed out first, and the oldest idle one goes first") {
  Pool pool{kMebi};
  std::vector<Block> blocks;
  for (int i = 0; i < 3; ++i) blocks.push_back(pool.acquire(10'000));
  const std::uint8_t* const last = blocks.front().bytes().data();
  const std::uint8_t* const middle = blocks[1].bytes().data();
  while (!blocks.empty()) blocks.pop_back();
  CHECK(pool.trim({.keep_bytes = 2 * memory::capacity_for(10'000)}) > 0);
  const Block again = pool.acquire(10'000);
  CHECK(again.bytes().data() == last);
  const Block older = pool.acquire(10'000);
  CHECK(older.bytes().data() == middle);
}

/// A moment later than all before it and earlier than all after it.
memory::Trim::Clock::time_point moment() {
  using Clock = memory::Trim::Clock;
  const Clock::time_point before = Clock::now();
  Clock::time_point between = before;
  while (between == before) between = Clock::now();
  while (Clock::now() == between) {
  }
  return between;
}

TEST_CASE("a trim by age leaves the blocks that were given back later") {
  Pool pool{kMebi};
  const auto use = [&pool](std::size_t size) { static_cast<void>(pool.acquire(size)); };
  use(10'000);
  use(50'000);
  const auto between = moment();
  use(10'000);  // the same block again: now it is young
  use(100'000);
  const std::size_t old = memory::capacity_for(50'000);
  const std::size_t all = pool.stats().idle_bytes;
  CHECK(pool.trim({.keep_bytes = all, .given_back_by = between}) == 0);
  CHECK(pool.trim({.keep_bytes = 0, .given_back_by = between}) == old);
  CHECK(pool.stats().idle_bytes == all - old);
  CHECK(pool.stats().idle_blocks == 2);
  CHECK(pool.trim({.keep_bytes = 0, .given_back_by = moment()}) == all - old);
}

TEST_CASE("a trim spares one block of a capacity, and does not count it") {
  Pool pool{kMebi};
  {
    std::vector<Block> blocks;
    for (const std::size_t size : {10'000U, 50'000U, 50'000U}) blocks.push_back(pool.acquire(size));
  }
  const std::size_t small = memory::capacity_for(10'000);
  const std::size_t large = memory::capacity_for(50'000);
  CHECK(pool.trim({.keep_bytes = small + large, .spare_capacities = {large}}) == 0);
  CHECK(pool.trim({.keep_bytes = small, .spare_capacities = {large}}) == large);
  CHECK(pool.trim({.spare_capacities = {large}}) == small);
  CHECK(pool.trim({.spare_capacities = {0, large}}) == 0);
  CHECK(pool.trim({.spare_capacities = {kMebi}}) == large);
}

TEST_CASE("a trim spares one block of each of two capacities, and two if these are equal") {
  Pool pool{kMebi};
  const std::size_t small = memory::capacity_for(10'000);
  const std::size_t large = memory::capacity_for(50'000);
  {
    std::vector<Block> blocks;
    for (const std::size_t size : {small, small, large, large, large}) {
      blocks.push_back(pool.acquire(size));
    }
  }
  CHECK(pool.trim({.keep_bytes = small + large, .spare_capacities = {large, large}}) == large);
  CHECK(pool.trim({.keep_bytes = large, .spare_capacities = {large, small}}) == large);
  CHECK(pool.trim({.spare_capacities = {large, small}}) == small);
  CHECK(pool.trim({.spare_capacities = {small, large}}) == 0);
  CHECK(pool.trim({.spare_capacities = {small, small}}) == large);  // there is but one of them
  CHECK(pool.stats().idle_bytes == small);
}

TEST_CASE("the bound of what is kept idle can be set, and holds at once") {
  Pool pool{kMebi};
  {
    std::vector<Block> blocks;
    for (int i = 0; i < 4; ++i) blocks.push_back(pool.acquire(50'000));
  }
  const std::size_t each = memory::capacity_for(50'000);
  pool.set_max_idle(2 * each);
  CHECK(pool.stats().idle_bytes == 2 * each);
  pool.set_max_idle(0);
  CHECK(pool.stats().idle_bytes == 0);
  static_cast<void>(pool.acquire(50'000));
  CHECK(pool.stats().idle_blocks == 0);
  pool.set_max_idle(each);
  static_cast<void>(pool.acquire(50'000));
  CHECK(pool.stats().idle_blocks == 1);
}

TEST_CASE("a block outlives its pool") {
  std::optional<Pool> pool{std::in_place, kMebi};
  const Block block = pool->acquire(5000);
  pool.reset();
  std::ranges::fill(block.bytes(), std::uint8_t{1});
  CHECK(block.bytes().back() == 1);
}

TEST_CASE("a moved block is given back once") {
  Pool pool{kMebi};
  {
    Block block = pool.acquire(5000);
    const Block moved = std::move(block);
    CHECK(moved.bytes().size() == 5000);
  }
  check_idle(pool.stats());
  CHECK(pool.stats().idle_blocks == 1);
}

TEST_CASE("the process's pool is one") { CHECK(&Pool::shared() == &Pool::shared()); }

TEST_CASE("threads acquire, hand over and give back at once; the figures come out even") {
  Pool pool{300'000};
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  std::latch start{kThreads};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&pool, &start, t] {
      start.arrive_and_wait();
      for (int i = 0; i < kRounds; ++i) {
        const Block block = pool.acquire(static_cast<std::size_t>(1 + (i * 37 + t * 11) % 60'000));
        block.bytes().front() = static_cast<std::uint8_t>(t);
        block.bytes().back() = static_cast<std::uint8_t>(t);
        if (i % 100 == 0) pool.trim({.keep_bytes = 50'000});
        if (block.bytes().front() != t) throw std::logic_error{"two owners of one block"};
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const PoolStats stats = pool.stats();
  check_idle(stats);
  CHECK(stats.reused + stats.mapped == kThreads * kRounds);
  CHECK(stats.idle_bytes <= 300'000);
}

TEST_CASE("a block acquired here and released on another thread is idle afterwards") {
  Pool pool{kMebi};
  Block block = pool.acquire(5000);
  std::ranges::fill(block.bytes(), std::uint8_t{3});
  std::thread{[taken = std::move(block)] { CHECK(taken.bytes().back() == 3); }}.join();
  check_idle(pool.stats());
  CHECK(pool.stats().idle_blocks == 1);
}

TEST_CASE("owned bytes give their block back with the last of many references") {
  Pool pool{kMebi};
  auto owned = std::make_shared<const memory::OwnedBytes>(pool.acquire(5000));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([reference = owned]() mutable {
      CHECK(reference->bytes().size() == 5000);
      reference.reset();
    });
  }
  CHECK(pool.stats().used_blocks == 1);
  owned.reset();
  for (std::thread& thread : threads) thread.join();
  check_idle(pool.stats());
}

TEST_CASE("a forked child can use the shared pool, whatever other threads did with it meanwhile") {
  std::atomic<bool> enough = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&enough] {
      while (!enough) static_cast<void>(Pool::shared().acquire(100));
    });
  }
  for (int round = 0; round < 300; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(5);  // ends a child that waits for ever
      static_cast<void>(Pool::shared().acquire(100));
      ::_exit(0);
    }
    int status = -1;
    const bool ended_well = ::waitpid(child, &status, 0) == child && status == 0;
    CHECK(ended_well);
    if (!ended_well) break;
  }
  enough = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("the finalizer of foreign memory runs once, with the last reference") {
  int runs = 0;
  Bytes foreign{1, 2, 3};
  memory::OwnedBytesRef owned =
      std::make_shared<const memory::OwnedBytes>(foreign, memory::Finalizer{[&runs] { ++runs; }});
  memory::OwnedBytesRef second = owned;
  CHECK(owned->bytes().data() == foreign.data());
  CHECK(owned->copies().passes == 0);
  owned.reset();
  CHECK(runs == 0);
  second.reset();
  CHECK(runs == 1);
}

TEST_CASE("the explicit copy is a copy, and is counted") {
  Pool pool{kMebi};
  const memory::Copies before = memory::copy_totals();
  Bytes bytes = Random{}.bytes(10'000);
  const memory::OwnedBytesRef copy = memory::copy_of(bytes, pool);
  CHECK(std::ranges::equal(copy->bytes(), bytes));
  bytes[0] ^= 1;
  CHECK(copy->bytes()[0] != bytes[0]);
  CHECK(copy->copies().passes == 1);
  CHECK(copy->copies().bytes == 10'000);
  CHECK(memory::copy_totals().passes == before.passes + 1);
  CHECK(memory::copy_totals().bytes == before.bytes + 10'000);
}

}  // namespace
}  // namespace pixelferry::test

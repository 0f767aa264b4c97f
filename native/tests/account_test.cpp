// Never is more held than the limit, by threads and by accounts that share it; whatever is reserved
// comes back, wakes who waits, and counts together with the pool's idle blocks. ThreadSanitizer
// runs these tests too.
#include "memory/account.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <latch>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "memory/owned_bytes.hpp"
#include "memory/pages.hpp"
#include "memory/pool.hpp"
#include "support/random.hpp"

namespace pixelferry::test {
namespace {

using memory::Account;
using memory::HeldBytes;
using memory::Pool;
using memory::PoolStats;
using memory::Reservation;
using memory::Share;

constexpr std::size_t kMebi = std::size_t{1} << 20;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

class Fixture {
 public:
  explicit Fixture(const Share& share)
      : pool{64 * kMebi}, account{std::make_shared<Account>(share, pool)} {}

  [[nodiscard]] std::optional<Reservation> reserve(std::uint64_t bytes) const {
    return account->try_reserve({.bytes = bytes});
  }
  [[nodiscard]] std::optional<Reservation> reserve_small(std::uint64_t bytes) const {
    return account->try_reserve({.bytes = bytes, .small = true});
  }
  /// For the block of an output of `size` bytes.
  [[nodiscard]] std::optional<Reservation> reserve_output(std::size_t size) const {
    return account->try_reserve({.bytes = memory::capacity_for(size), .output = size});
  }
  /// Leaves `count` idle blocks for outputs of `size` bytes.
  void leave_idle(std::size_t size, int count) {
    std::vector<memory::Block> blocks;
    for (int i = 0; i < count; ++i) blocks.push_back(pool.acquire(size));
  }
  [[nodiscard]] std::size_t idle_blocks() const { return pool.stats().idle_blocks; }

  Pool pool;
  std::shared_ptr<Account> account;
};

bool is_readable(const Account& account) {
  pollfd polled{.fd = account.wakeups().fd(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) == 1;
}

TEST_CASE("small needs draw from the kept part, then from the rest; others from the rest alone") {
  const Fixture f{{.limit = 1000, .kept = 125}};
  CHECK_FALSE(f.reserve(876).has_value());
  const auto large = f.reserve(800);
  REQUIRE(large.has_value());
  const auto kept = f.reserve_small(100);
  REQUIRE(kept.has_value());
  const auto rest = f.reserve_small(70);
  REQUIRE(rest.has_value());
  CHECK(f.account->held() == 970);
  CHECK_FALSE(f.reserve(6).has_value());
  CHECK_FALSE(f.reserve_small(26).has_value());
  const auto last_of_rest = f.reserve(5);
  CHECK_FALSE(f.account->try_reserve({.bytes = 26, .small = true, .rest = false}).has_value());
  const auto last_of_kept = f.reserve_small(25);
  CHECK(last_of_rest.has_value());
  CHECK(last_of_kept.has_value());
  CHECK(f.account->held() == 1000);
  CHECK_FALSE(f.reserve_small(1).has_value());
}

TEST_CASE("a reservation gives back what it has, once, whichever way it went") {
  const Fixture f{{.limit = 1000, .kept = 125}};
  {
    auto small = f.reserve_small(100);
    REQUIRE(small.has_value());
    CHECK(small->try_grow(875));
    CHECK_FALSE(small->try_grow(1));  // 25 are left, but kept
    CHECK(small->nbytes() == 975);
    {
      const Reservation off = small->split(300);
      CHECK(off.nbytes() == 300);
      CHECK(small->nbytes() == 675);
      CHECK(f.account->held() == 975);
    }
    CHECK(f.account->held() == 675);
    CHECK_THROWS_AS(static_cast<void>(small->split(676)), std::invalid_argument);
    Reservation taken = small->take();
    CHECK(taken.nbytes() == 675);
    CHECK(small->nbytes() == 0);
    CHECK(small->try_grow(10));
    small->release();
    small->release();
    CHECK(f.account->held() == 675);
    const Reservation moved = std::move(taken);
    Reservation assigned;
    CHECK_FALSE(assigned.try_grow(0));
    assigned = f.reserve(7).value();
    assigned = f.reserve(8).value();
    CHECK(f.account->held() == 683);
  }
  CHECK(f.account->held() == 0);
  CHECK(f.reserve(875).has_value());
  CHECK(f.reserve_small(125).has_value());
}

TEST_CASE("a share that does not fit, and a need without its blocks, are refused") {
  Pool pool{0};
  CHECK_THROWS_AS((Account{{.limit = 8, .kept = 9}, pool}), std::invalid_argument);
  CHECK_THROWS_AS((Account{{.limit = kMost / 2 + 1}, pool}), std::invalid_argument);
  const Fixture f{{.limit = kMost / 2}};
  CHECK_THROWS_AS(static_cast<void>(f.account->try_reserve({.bytes = 100, .output = 101})),
                  std::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(f.account->try_reserve({.bytes = 5000, .output = 4097})),
                  std::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(f.account->try_reserve({.bytes = 5000, .output = kMost})),
                  std::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(f.account->try_reserve({.bytes = 5000, .body = 4097})),
                  std::invalid_argument);
  const std::size_t page = memory::page_size();
  CHECK_THROWS_AS(
      static_cast<void>(f.account->try_reserve({.bytes = 2 * page - 1, .output = 1, .body = 1})),
      std::invalid_argument);
  CHECK(f.account->try_reserve({.bytes = 2 * page, .output = 1, .body = page}).has_value());
  CHECK(f.account->held() == 0);
}

TEST_CASE("no number is so large that it seems to fit") {
  const Fixture f{{.limit = 1000}};
  auto one = f.reserve(1);
  REQUIRE(one.has_value());
  CHECK_FALSE(f.reserve(kMost).has_value());
  CHECK_FALSE(f.account->try_reserve({.bytes = kMost, .output = kMost}).has_value());
  CHECK_FALSE(one->try_grow(kMost));
  CHECK(f.account->held() == 1);
}

TEST_CASE("a reservation outlives its account") {
  std::optional<Fixture> f{std::in_place, Share{.limit = 1000}};
  const auto reserved = f->reserve(10);
  f->account.reset();
  CHECK(reserved->nbytes() == 10);
}

TEST_CASE("what a peer holds counts part by part, and may be more than the limit") {
  HeldBytes own;
  HeldBytes peer{.kept = 100, .rest = 800};
  const Fixture f{{.limit = 1000, .kept = 125, .held = &own, .peer = &peer}};
  CHECK_FALSE(f.reserve(76).has_value());
  CHECK_FALSE(f.reserve_small(76).has_value());
  const auto small = f.reserve_small(25);
  const auto large = f.reserve(75);
  CHECK(small.has_value());
  CHECK(large.has_value());
  CHECK(own.kept == 25);
  CHECK(own.rest == 75);
  CHECK(f.account->held() == 100);
  peer = {.kept = 5000, .rest = 5000};
  CHECK_FALSE(f.reserve_small(1).has_value());
  peer = {};
  CHECK(f.reserve(800).has_value());
}

TEST_CASE("cells given to an account start with what they hold") {
  HeldBytes own{.kept = 0, .rest = 400};
  const Fixture f{{.limit = 1000, .held = &own}};
  CHECK(f.account->held() == 400);
  CHECK_FALSE(f.reserve(601).has_value());
}

/// Reserves and gives back at random, and counts how often more was granted than `limit`.
class Hammer {
 public:
  Hammer(std::uint64_t limit, std::uint64_t kept) : limit_{limit}, kept_{kept} {}

  void run(Account& account, std::uint64_t seed, int rounds) {
    std::uint64_t state = seed;
    for (int i = 0; i < rounds; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      const bool small = (state >> 40U) % 2 == 0;
      const std::uint64_t bytes = 1 + (state >> 33U) % (small ? kept_ : limit_ - kept_);
      auto reserved = account.try_reserve({.bytes = bytes, .small = small});
      if (!reserved) continue;
      const std::uint64_t more = reserved->try_grow(bytes / 2) ? bytes / 2 : 0;
      // Counted as long as it is surely held.
      if (granted_.fetch_add(bytes + more) + bytes + more > limit_) ++exceeded_;
      ++successes_;
      granted_.fetch_sub(bytes + more);
    }
  }

  void check() const {
    CHECK(exceeded_ == 0);
    CHECK(successes_ > 0);
  }

 private:
  std::uint64_t limit_;
  std::uint64_t kept_;
  std::atomic<std::uint64_t> granted_ = 0;
  std::atomic<int> exceeded_ = 0;
  std::atomic<int> successes_ = 0;
};

/// Hammers with four threads that begin together; thread `t` uses `account_of(t)`.
void at_once(Hammer& hammer, const std::function<Account&(std::uint64_t)>& account_of) {
  std::latch start{4};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      hammer.run(account_of(t), seed() + t, 5000);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("threads never hold more than the limit together, and leave nothing behind") {
  const Fixture f{{.limit = 1000, .kept = 125}};
  Hammer hammer{1000, 125};
  at_once(hammer, [&](std::uint64_t) -> Account& { return *f.account; });
  hammer.check();
  CHECK(f.account->held() == 0);
}

TEST_CASE("two accounts of one share, each the other's peer, never exceed it together") {
  std::array<HeldBytes, 2> cells{};
  const std::array<Fixture, 2> fixtures{
      Fixture{{.limit = 1000, .kept = 125, .held = &cells[0], .peer = &cells[1]}},
      Fixture{{.limit = 1000, .kept = 125, .held = &cells[1], .peer = &cells[0]}}};
  Hammer hammer{1000, 125};
  at_once(hammer, [&](std::uint64_t t) -> Account& { return *fixtures[t % 2].account; });
  hammer.check();
  for (const HeldBytes& held : cells) CHECK(held.total() == 0);  // also what was taken back
}

/// Lets two threads go on at the same moment, as nearly as spinning can.
class StartLine {
 public:
  void wait() {
    const int until = (arrived_.fetch_add(1) / 2 + 1) * 2;
    for (int spins = 0; arrived_ < until; ++spins) {
      if (spins > kPatience) std::this_thread::yield();  // the other one has no core
    }
  }

 private:
  static constexpr int kPatience = 10'000;
  std::atomic<int> arrived_ = 0;
};

/// Both ask at once for more than half, again and again. Returns how many got it, round by round.
std::vector<int> ask_at_once(Account& first, Account& second) {
  constexpr std::size_t kRounds = 20'000;
  std::array<std::vector<bool>, 2> got{std::vector<bool>(kRounds), std::vector<bool>(kRounds)};
  StartLine start;
  const auto ask = [&start](Account& account, std::vector<bool>& mine) {
    for (std::size_t round = 0; round < kRounds; ++round) {
      start.wait();
      const auto reserved = account.try_reserve({.bytes = account.limit() / 2 + 1});
      mine[round] = reserved.has_value();
      start.wait();  // it is held until the other has asked
    }
  };
  std::thread other{[&] { ask(second, got[1]); }};
  ask(first, got[0]);
  other.join();
  std::vector<int> winners;
  for (std::size_t round = 0; round < kRounds; ++round) {
    winners.push_back(int{got[0][round]} + int{got[1][round]});
  }
  return winners;
}

TEST_CASE("of two threads that ask at once for what fits once, one gets it") {
  const Fixture f{{.limit = 1000}};
  const std::vector<int> winners = ask_at_once(*f.account, *f.account);
  CHECK(std::ranges::all_of(winners, [](int count) { return count == 1; }));
}

TEST_CASE("of two peers that ask at once for what fits once, at most one gets it") {
  std::array<HeldBytes, 2> cells{};
  const Fixture first{{.limit = 1000, .held = &cells[0], .peer = &cells[1]}};
  const Fixture second{{.limit = 1000, .held = &cells[1], .peer = &cells[0]}};
  const std::vector<int> winners = ask_at_once(*first.account, *second.account);
  CHECK(std::ranges::max(winners) == 1);
}

TEST_CASE("what comes back wakes only if somebody waits, and until that is drained") {
  const Fixture f{{.limit = 1000}};
  static_cast<void>(f.reserve(10));
  CHECK_FALSE(is_readable(*f.account));
  f.account->set_wanted(true);
  CHECK(f.account->wanted());
  static_cast<void>(f.reserve(0));
  static_cast<void>(f.reserve(1001));
  CHECK_FALSE(is_readable(*f.account));
  static_cast<void>(f.reserve(10));
  static_cast<void>(f.reserve(10));
  CHECK(is_readable(*f.account));
  f.account->wakeups().drain();
  CHECK_FALSE(is_readable(*f.account));
  f.account->wakeups().drain();
}

/// Ends on its own thread the reservations that it is given.
class Releaser {
 public:
  Releaser() : thread_{[this] { run(); }} {}
  ~Releaser() {
    {
      const std::lock_guard lock{mutex_};
      finished_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;

  void end(Reservation reservation) {
    {
      const std::lock_guard lock{mutex_};
      given_.push_back(std::move(reservation));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock{mutex_};
    while (!finished_) {
      std::vector<Reservation> ended = std::exchange(given_, {});
      lock.unlock();
      ended.clear();
      lock.lock();
      changed_.wait(lock, [this] { return finished_ || !given_.empty(); });
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Reservation> given_;
  bool finished_ = false;
  std::thread thread_;
};

TEST_CASE("no wakeup is lost between the wish, the try and the release on another thread") {
  constexpr int kPatience = 60'000;  // ms, of a test that fails
  const Fixture f{{.limit = 1000}};
  Releaser releaser;
  for (int round = 0; round < 3000; ++round) {
    f.account->set_wanted(true);
    std::optional<Reservation> all = f.reserve(1000);
    while (!all) {
      pollfd polled{.fd = f.account->wakeups().fd(), .events = POLLIN, .revents = 0};
      REQUIRE(::poll(&polled, 1, kPatience) == 1);
      f.account->wakeups().drain();
      all = f.reserve(1000);
    }
    f.account->set_wanted(false);
    releaser.end(std::move(*all));
  }
}

TEST_CASE("a reservation unmaps idle blocks only as far as it needs their room") {
  Fixture f{{.limit = 10 * kMebi}};
  f.leave_idle(2 * kMebi, 2);
  const auto beside = f.reserve(6 * kMebi);
  CHECK(beside.has_value());
  CHECK(f.idle_blocks() == 2);
  auto one = f.reserve(1);
  REQUIRE(one.has_value());
  CHECK(f.idle_blocks() == 1);
  CHECK(one->try_grow(2 * kMebi));
  CHECK(f.idle_blocks() == 0);
  CHECK_FALSE(f.reserve(2 * kMebi).has_value());
}

TEST_CASE("what is refused unmaps nothing") {
  Fixture f{{.limit = 10 * kMebi, .kept = kMebi}};
  f.leave_idle(2 * kMebi, 3);
  CHECK_FALSE(f.reserve(10 * kMebi).has_value());
  CHECK(f.idle_blocks() == 3);
}

TEST_CASE("the idle block that the output will reuse is spared, and counts once") {
  Fixture f{{.limit = 4 * kMebi}};
  f.leave_idle(2 * kMebi, 1);
  f.leave_idle(kMebi, 2);
  const auto first = f.reserve_output(2 * kMebi);
  REQUIRE(first.has_value());
  CHECK(f.idle_blocks() == 3);  // 2 + (2 + 1 + 1) - 2 = 4
  const auto second = f.reserve_output(kMebi);
  REQUIRE(second.has_value());
  CHECK(f.pool.stats().idle_bytes == 2 * kMebi);  // the largest went, one of 1 MiB is spared
  const memory::Block block = f.pool.acquire(kMebi);
  CHECK(f.pool.stats().idle_bytes == kMebi);
  CHECK(f.pool.stats().reused == 1);
}

TEST_CASE("the idle block of the body is spared beside that of the output") {
  Fixture f{{.limit = 4 * kMebi}};
  f.leave_idle(2 * kMebi, 1);
  f.leave_idle(kMebi, 2);
  const auto held = f.account->try_reserve(
      {.bytes = 3 * kMebi, .output = 2 * kMebi, .body = kMebi});  // 3 + (2 + 1 + 1) - 3 = 4
  REQUIRE(held.has_value());
  CHECK(f.idle_blocks() == 3);
  const auto other = f.reserve(1);  // no block of its own: all that is idle counts
  REQUIRE(other.has_value());
  CHECK(f.idle_blocks() == 0);
}

TEST_CASE("an output and a body of the same capacity have two idle blocks spared") {
  Fixture f{{.limit = 2 * kMebi}};
  f.leave_idle(kMebi, 3);
  const auto held =
      f.account->try_reserve({.bytes = 2 * kMebi, .output = kMebi, .body = kMebi - 1});
  REQUIRE(held.has_value());
  CHECK(f.pool.stats().idle_bytes == 2 * kMebi);
  const memory::Block output = f.pool.acquire(kMebi);
  const memory::Block body = f.pool.acquire(kMebi - 1);
  CHECK(f.pool.stats().used_bytes == 2 * kMebi);
  CHECK(f.pool.stats().idle_bytes == 0);
  CHECK(f.pool.stats().reused == 2);
}

TEST_CASE("what was spared for a reservation that came to nothing counts by itself") {
  Fixture f{{.limit = 2 * kMebi}};
  f.leave_idle(kMebi, 2);
  {
    const auto held = f.account->try_reserve({.bytes = 2 * kMebi, .output = kMebi, .body = kMebi});
    REQUIRE(held.has_value());
    CHECK(f.idle_blocks() == 2);
  }
  const auto other = f.reserve(kMebi);
  REQUIRE(other.has_value());
  CHECK(f.idle_blocks() == 1);
}

TEST_CASE("a reservation attached to owned bytes ends with the last reference, after the memory") {
  const Fixture f{{.limit = 1000}};
  Bytes memory(100);
  std::uint64_t held_at_the_end = 0;
  auto owned = std::make_shared<memory::OwnedBytes>(
      memory, memory::Finalizer{[&] { held_at_the_end = f.account->held(); }});
  owned->attach(f.reserve(100).value());
  memory::OwnedBytesRef first = owned;
  memory::OwnedBytesRef last = std::move(owned);
  first.reset();
  CHECK(f.account->held() == 100);
  std::thread{[&last] { last.reset(); }}.join();
  CHECK(held_at_the_end == 100);
  CHECK(f.account->held() == 0);
}

TEST_CASE("blocks in use and idle ones never exceed the limit, whatever threads do") {
  constexpr std::size_t kLimit = 4'000'000;
  Fixture f{{.limit = kLimit, .kept = kLimit / 8}};
  std::atomic<int> exceeded = 0;
  std::atomic<int> made = 0;
  std::latch start{4};
  const auto work = [&](std::size_t t) {
    start.arrive_and_wait();
    for (std::size_t i = 0; i < 2000; ++i) {
      const std::size_t size = 100'000 * (1 + (i * 7 + t * 3) % 5);
      const std::size_t body = 100'000 * (i % 4);  // none, and often as large as the output
      const std::size_t for_body = body == 0 ? 0 : memory::capacity_for(body);
      auto reserved = f.account->try_reserve({.bytes = memory::capacity_for(size) + for_body,
                                              .output = size,
                                              .body = body,
                                              .small = size == 100'000});
      if (!reserved) continue;
      Reservation of_body = reserved->split(for_body);  // ends after the block, as declared
      std::optional<memory::Block> received;
      if (body != 0) received.emplace(f.pool.acquire(body));
      const auto owned = std::make_shared<memory::OwnedBytes>(f.pool.acquire(size));
      owned->attach(reserved->take());
      const PoolStats stats = f.pool.stats();
      if (stats.used_bytes + stats.idle_bytes > kLimit) ++exceeded;
      ++made;
      if (i % 50 == 0) f.pool.trim({.keep_bytes = 500'000});
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (std::thread& thread : threads) thread.join();
  CHECK(exceeded == 0);
  CHECK(made > 0);
  CHECK(f.account->held() == 0);
  CHECK(f.pool.stats().used_blocks == 0);
  CHECK(f.pool.stats().reused > 0);
}

}  // namespace
}  // namespace pixelferry::test

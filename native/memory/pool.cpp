#include "memory/pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <ranges>
#include <utility>

namespace pixelferry::memory {
namespace {

constexpr std::size_t kStepsPerDoubling = 8;  // a class wastes at most an eighth
// Two 4K blocks (24.9 MB each) and change: enough for the workers of a small machine to run warm.
constexpr std::size_t kSharedIdleBytes = std::size_t{64} * 1024 * 1024;

std::size_t round_up(std::size_t value, std::size_t multiple) {
  if (value > std::numeric_limits<std::size_t>::max() - (multiple - 1)) throw std::bad_alloc{};
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

std::size_t capacity_for(std::size_t size) {
  const std::size_t least = round_up(std::max<std::size_t>(size, 1), page_size());
  const std::size_t step = std::max(std::bit_floor(least) / kStepsPerDoubling, page_size());
  return round_up(least, step);
}

struct Block::State {
  struct Idle {
    Pages pages;
    Trim::Clock::time_point given_back;
  };
  using IdleBlocks = std::list<Idle>;  // of one capacity, oldest first

  explicit State(std::size_t max_idle) : max_idle_bytes{max_idle} {}

  std::mutex trimming;       // one trim at a time; taken before `mutex`
  mutable std::mutex mutex;  // all below
  std::size_t max_idle_bytes;
  std::map<std::size_t, IdleBlocks> idle;  // by capacity
  PoolStats stats{};

  void lock() {
    trimming.lock();
    mutex.lock();
  }
  void unlock() {
    mutex.unlock();
    trimming.unlock();
  }

  std::optional<Pages> take_idle(std::size_t capacity) {
    const std::lock_guard lock{mutex};
    const auto found = idle.find(capacity);
    if (found == idle.end() || found->second.empty()) return std::nullopt;
    Pages pages = std::move(found->second.back().pages);
    found->second.pop_back();
    --stats.idle_blocks;
    stats.idle_bytes -= capacity;
    ++stats.used_blocks;
    stats.used_bytes += capacity;
    ++stats.reused;
    return pages;
  }

  /// Counts pages about to be mapped. Waits for a trim under way, whose room they may take.
  void announce(std::size_t capacity) {
    const std::lock_guard lock{*this};
    ++stats.used_blocks;
    stats.used_bytes += capacity;
    ++stats.mapped;
  }

  void forget(std::size_t capacity) noexcept {
    const std::lock_guard lock{mutex};
    --stats.used_blocks;
    stats.used_bytes -= capacity;
    --stats.mapped;
  }

  /// Keeps the pages, or hands them back for the caller to unmap outside the lock.
  std::optional<Pages> give_back(Pages pages) noexcept {
    const std::size_t capacity = pages.bytes().size();
    const std::lock_guard lock{mutex};
    --stats.used_blocks;
    stats.used_bytes -= capacity;
    if (capacity > max_idle_bytes || stats.idle_bytes > max_idle_bytes - capacity) return pages;
    try {
      idle[capacity].emplace_back(std::move(pages), Trim::Clock::now());
    } catch (const std::bad_alloc&) {
      return pages;
    }
    ++stats.idle_blocks;
    stats.idle_bytes += capacity;
    return std::nullopt;
  }

  [[nodiscard]] bool has_beyond(const Trim& wanted) const noexcept {
    const std::lock_guard lock{mutex};
    return stats.idle_bytes - spared_bytes(wanted) > wanted.keep_bytes;
  }

  /// Takes what `wanted` does not let stay out of `idle`; the figures still count it.
  IdleBlocks take_beyond(const Trim& wanted) noexcept {
    IdleBlocks taken;
    const std::lock_guard lock{mutex};
    std::size_t left = stats.idle_bytes - spared_bytes(wanted);
    for (auto& [capacity, blocks] : idle | std::views::reverse) {
      const std::size_t staying = spared(wanted, capacity, blocks);
      while (left > wanted.keep_bytes && blocks.size() > staying &&
             blocks.front().given_back <= wanted.given_back_by) {
        taken.splice(taken.end(), blocks, blocks.begin());
        left -= capacity;
      }
    }
    return taken;
  }

 private:
  /// How many of `blocks`, all idle ones of `capacity`, stay uncounted.
  static std::size_t spared(const Trim& wanted, std::size_t capacity,
                            const IdleBlocks& blocks) noexcept {
    const auto asked = std::ranges::count(wanted.spare_capacities, capacity);
    return std::min(blocks.size(), static_cast<std::size_t>(asked));
  }

  /// What those of all capacities have together.
  [[nodiscard]] std::size_t spared_bytes(const Trim& wanted) const noexcept {
    const auto [one, other] = wanted.spare_capacities;
    const auto of = [&](std::size_t capacity) {
      const auto found = idle.find(capacity);
      return found == idle.end() ? 0 : capacity * spared(wanted, capacity, found->second);
    };
    return of(one) + (other == one ? 0 : of(other));
  }
};

Block::Block(std::shared_ptr<State> state, Pages pages, std::size_t size) noexcept
    : state_{std::move(state)}, pages_{std::move(pages)}, size_{size} {}

Block::~Block() {
  if (state_) state_->give_back(std::move(pages_));
}

Pool::Pool(std::size_t max_idle_bytes) : state_{std::make_shared<Block::State>(max_idle_bytes)} {}

Pool& Pool::shared() {
  static Pool* const pool = new Pool{kSharedIdleBytes};  // NOLINT(*-owning-memory): never destroyed
  // A fork while another thread holds a mutex would leave it locked in the child for ever.
  [[maybe_unused]] static const int registered =
      ::pthread_atfork([] { shared().state_->lock(); }, [] { shared().state_->unlock(); },
                       [] { shared().state_->unlock(); });
  return *pool;
}

Block Pool::acquire(std::size_t size) {
  const std::size_t capacity = capacity_for(size);
  if (std::optional<Pages> pages = state_->take_idle(capacity)) {
    return Block{state_, std::move(*pages), size};
  }
  state_->announce(capacity);
  try {
    return Block{state_, Pages{capacity, size}, size};
  } catch (const std::bad_alloc&) {
    state_->forget(capacity);
    throw;
  }
}

std::size_t Pool::trim(const Trim& wanted) noexcept {
  if (!state_->has_beyond(wanted)) return 0;
  const std::lock_guard alone{state_->trimming};
  Block::State::IdleBlocks taken = state_->take_beyond(wanted);
  std::size_t freed = 0;
  for (const Block::State::Idle& block : taken) freed += block.pages.bytes().size();
  const std::size_t blocks = taken.size();
  taken.clear();
  const std::lock_guard lock{state_->mutex};
  state_->stats.idle_blocks -= blocks;
  state_->stats.idle_bytes -= freed;
  return freed;
}

void Pool::set_max_idle(std::size_t max_idle_bytes) noexcept {
  {
    const std::lock_guard lock{state_->mutex};
    state_->max_idle_bytes = max_idle_bytes;
  }
  trim({.keep_bytes = max_idle_bytes});
}

PoolStats Pool::stats() const {
  const std::lock_guard lock{state_->mutex};
  return state_->stats;
}

}  // namespace pixelferry::memory

#include "memory/pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

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
  explicit State(std::size_t max_idle) : max_idle_bytes{max_idle} {}

  const std::size_t max_idle_bytes;
  mutable std::mutex mutex;
  std::map<std::size_t, std::vector<Pages>> idle;  // by capacity
  PoolStats stats{};

  std::optional<Pages> take_idle(std::size_t capacity) {
    const std::lock_guard lock{mutex};
    ++stats.used_blocks;
    stats.used_bytes += capacity;
    const auto found = idle.find(capacity);
    if (found == idle.end() || found->second.empty()) {
      ++stats.mapped;
      return std::nullopt;
    }
    Pages pages = std::move(found->second.back());
    found->second.pop_back();
    --stats.idle_blocks;
    stats.idle_bytes -= capacity;
    ++stats.reused;
    return pages;
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
      idle[capacity].push_back(std::move(pages));
    } catch (const std::bad_alloc&) {
      return pages;
    }
    ++stats.idle_blocks;
    stats.idle_bytes += capacity;
    return std::nullopt;
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
  // A fork while another thread holds the mutex would leave it locked in the child for ever.
  [[maybe_unused]] static const int registered = ::pthread_atfork(
      [] { shared().state_->mutex.lock(); }, [] { shared().state_->mutex.unlock(); },
      [] { shared().state_->mutex.unlock(); });
  return *pool;
}

Block Pool::acquire(std::size_t size) {
  const std::size_t capacity = capacity_for(size);
  if (std::optional<Pages> pages = state_->take_idle(capacity)) {
    return Block{state_, std::move(*pages), size};
  }
  try {
    return Block{state_, Pages{capacity, size}, size};
  } catch (const std::bad_alloc&) {
    state_->forget(capacity);
    throw;
  }
}

std::size_t Pool::trim(std::size_t keep_bytes) {
  std::vector<Pages> unmapped;  // destroyed after the lock is gone
  std::size_t freed = 0;
  const std::lock_guard lock{state_->mutex};
  PoolStats& stats = state_->stats;
  for (auto& [capacity, blocks] : state_->idle | std::views::reverse) {
    while (stats.idle_bytes > keep_bytes && !blocks.empty()) {
      unmapped.push_back(std::move(blocks.back()));
      blocks.pop_back();
      --stats.idle_blocks;
      stats.idle_bytes -= capacity;
      freed += capacity;
    }
  }
  return freed;
}

PoolStats Pool::stats() const {
  const std::lock_guard lock{state_->mutex};
  return state_->stats;
}

}  // namespace pixelferry::memory

// A bounded pool of blocks for outputs and large request bodies: fresh pages cost more than
// decoding saves, so blocks are reused.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "memory/pages.hpp"

namespace pixelferry::memory {

struct PoolStats {
  std::size_t used_bytes;  // capacity of blocks handed out
  std::size_t idle_bytes;  // capacity of blocks kept for reuse
  std::size_t used_blocks;
  std::size_t idle_blocks;
  std::uint64_t reused;  // acquisitions served from idle blocks, since the start
  std::uint64_t mapped;  // acquisitions that mapped fresh pages, since the start
};

/// Which idle blocks to unmap.
struct Trim {
  using Clock = std::chrono::steady_clock;

  std::size_t keep_bytes = 0;  // at most so many stay
  /// None that was given back later.
  Clock::time_point given_back_by = Clock::time_point::max();
  /// For each that is not 0, one idle block of exactly this capacity stays and does not count: two
  /// if they are equal.
  std::array<std::size_t, 2> spare_capacities{};
};

class Pool;

/// One block of pages, handed out by a pool; the destructor gives it back. Move-only. The pages are
/// not zeroed: whoever exports bytes() has written every byte of it.
class Block {
 public:
  ~Block();
  Block(Block&&) noexcept = default;
  Block& operator=(Block&&) noexcept = delete;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// Exactly the bytes asked for; their first is page-aligned.
  [[nodiscard]] std::span<std::uint8_t> bytes() const noexcept {
    return pages_.bytes().first(size_);
  }
  /// What is resident for it, and what a budget counts.
  [[nodiscard]] std::size_t capacity() const noexcept { return pages_.bytes().size(); }

 private:
  friend class Pool;
  struct State;
  Block(std::shared_ptr<State> state, Pages pages, std::size_t size) noexcept;

  std::shared_ptr<State> state_;  // empty after a move
  Pages pages_;
  std::size_t size_;
};

/// Any thread may call anything. Giving a block back takes the pool's mutex only.
class Pool {
 public:
  /// `max_idle_bytes` bounds what is kept idle; a block given back beyond it is unmapped.
  explicit Pool(std::size_t max_idle_bytes);

  /// The process's pool. Never destroyed: exports may outlive every static destructor. A forked
  /// child has its own copy of it, usable at once.
  static Pool& shared();

  /// The idle block of its capacity that was given back last, else fresh pages.
  /// Throws std::bad_alloc; `size` of 0 is served like 1.
  [[nodiscard]] Block acquire(std::size_t size);

  /// Unmaps idle blocks, the largest first and among those the oldest, until what stays is within
  /// `wanted`. Returns the bytes unmapped. Until they are, they count as idle, and whoever needs
  /// fresh pages or trims too waits; reusing and giving back go on.
  std::size_t trim(const Trim& wanted) noexcept;

  /// Sets the bound of what is kept idle, and trims to it.
  void set_max_idle(std::size_t max_idle_bytes) noexcept;

  [[nodiscard]] PoolStats stats() const;

 private:
  std::shared_ptr<Block::State> state_;
};

/// Capacity of the block that acquire(size) hands out: a size class, at most an eighth above the
/// size rounded up to whole pages. Throws std::bad_alloc if it does not fit std::size_t.
[[nodiscard]] std::size_t capacity_for(std::size_t size);

}  // namespace pixelferry::memory

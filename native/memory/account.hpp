// How many bytes may be held at once: they are reserved before memory is taken, and given back from
// any thread.
//
// Two processes that reserve at the same time never both succeed beyond the limit: each adds to its
// own cell, then looks at both, and takes back what is too much. All of it is sequentially
// consistent, so that at least the later of two additions sees the other.
//
// Idle blocks of the pool are resident too, so that held + idle <= limit is made true for every
// reservation by unmapping. One idle block of the capacity of the reservation's output is spared
// and not counted: the output will be made of it, and its capacity is in `held` already. So is one
// of the capacity of the body's block; if both have the same capacity, it is in `held` twice, and
// two are spared. If another thread acquires one of them first, that thread's reservation has its
// capacity in `held` as well; if it is trimmed, it is gone before fresh pages are mapped. Either
// way the sum falls by the block that has to be mapped instead. If the reservation ends before it
// has acquired one, its capacity in `held` goes and the idle block counts by itself. A block given
// back is idle before its reservation ends: in between it counts twice, never not at all. A peer's
// idle blocks are not seen; one about to end should keep none.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "memory/event_fd.hpp"
#include "memory/pool.hpp"

namespace pixelferry::memory {

/// Bytes held, in the two parts of an account. May lie in memory that processes share.
struct HeldBytes {
  static constexpr std::size_t kAlignment = std::atomic_ref<std::uint64_t>::required_alignment;

  std::uint64_t kept = 0;
  std::uint64_t rest = 0;

  [[nodiscard]] std::uint64_t total() const noexcept { return kept + rest; }
};

/// What an account may hold, and where it writes what it holds.
struct Share {
  std::uint64_t limit = 0;  // at most 2^63 - 1
  std::uint64_t kept = 0;   // of the limit, for small needs only
  /// The account's own cells, only touched by atomics; they start with what they hold and outlive
  /// the account. Null: memory of its own.
  HeldBytes* held = nullptr;
  /// Cells of another process's account, which holds memory of the same share; read only. What they
  /// hold counts as well. May be null.
  const HeldBytes* peer = nullptr;
};

struct Need {
  std::uint64_t bytes = 0;
  std::uint64_t output = 0;  // bytes of the output, whose block's capacity is part of `bytes`
  std::uint64_t body = 0;    // the same of a body in a block of the pool; 0 if it has none
  bool small = false;        // may draw from the kept part
  bool rest = true;          // may draw from the rest
};

class Account;

/// Bytes of an account, given back by the destructor. Move-only; any thread, one at a time.
class Reservation {
 public:
  /// Of no account: nothing can be added to it.
  Reservation() noexcept = default;
  ~Reservation();
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  [[nodiscard]] std::uint64_t nbytes() const noexcept { return bytes_.total(); }

  /// Reserves `bytes` more, never from the kept part, or leaves all as it is. Never waits for
  /// memory to come back.
  [[nodiscard]] bool try_grow(std::uint64_t bytes) noexcept;

  /// Takes `bytes` off into a reservation of its own. Throws std::invalid_argument if it has less.
  [[nodiscard]] Reservation split(std::uint64_t bytes);

  /// Takes all of it off.
  [[nodiscard]] Reservation take() noexcept;

  /// Gives all of it back. Takes no lock.
  void release() noexcept;

 private:
  friend class Account;
  Reservation(std::shared_ptr<Account> account, HeldBytes bytes) noexcept;

  std::shared_ptr<Account> account_;  // empty after a move
  HeldBytes bytes_;
};

/// Any thread may call anything. Held by std::shared_ptr, for its reservations hold it too.
class Account : public std::enable_shared_from_this<Account> {
 public:
  /// `pool` outlives every call of try_reserve and try_grow. Throws std::invalid_argument for a
  /// share whose parts do not fit, std::system_error without descriptors.
  Account(const Share& share, Pool& pool);

  /// Small needs draw from the kept part, then, if they may, from the rest; others from the rest
  /// alone. Unmaps idle blocks where that makes room. Nothing, at once, if there is no room. Throws
  /// std::invalid_argument if `need.bytes` does not include the capacities of both blocks.
  [[nodiscard]] std::optional<Reservation> try_reserve(const Need& need);

  /// Bytes reserved now, without the peer's.
  [[nodiscard]] std::uint64_t held() const noexcept;
  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }
  [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }

  /// Says that somebody waits: from now on, whatever comes back signals wakeups(). No wakeup is
  /// lost if one sets it first and tries to reserve (again) after: a release subtracts before it
  /// looks at it, so that either the release sees it, or the try sees the room. Before trying
  /// again, drain. A peer's releases signal nothing here: who waits beside a peer has to look again
  /// by itself.
  void set_wanted(bool wanted) noexcept { wanted_ = wanted; }
  [[nodiscard]] bool wanted() const noexcept { return wanted_; }
  [[nodiscard]] const EventFd& wakeups() const noexcept { return wakeups_; }

 private:
  friend class Reservation;

  std::optional<HeldBytes> take(const Need& need) noexcept;
  bool grow(HeldBytes& bytes, std::uint64_t more) noexcept;
  void make_room(const std::array<std::size_t, 2>& spare_capacities) noexcept;
  void give_back(const HeldBytes& bytes) noexcept;

  const std::uint64_t limit_;
  const std::uint64_t kept_;
  HeldBytes own_;
  HeldBytes& held_;
  const HeldBytes* const peer_;
  Pool& pool_;
  // Of those who reserve, so that none sees what another adds and takes back. Giving back needs
  // none.
  std::mutex reserving_;
  std::atomic<bool> wanted_ = false;
  EventFd wakeups_;
};

}  // namespace pixelferry::memory

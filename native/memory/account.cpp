#include "memory/account.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <utility>

namespace pixelferry::memory {
namespace {

using Cell = std::atomic_ref<std::uint64_t>;
static_assert(Cell::is_always_lock_free, "cells are shared by processes");

std::uint64_t load(const std::uint64_t& cell) noexcept {
  return Cell{const_cast<std::uint64_t&>(cell)}.load();  // only read: atomic_ref knows no const
}

/// One part: the account's cell, and the peer's, which may be null.
struct Part {
  std::uint64_t& own;
  const std::uint64_t* peer;

  [[nodiscard]] std::uint64_t held() const noexcept {
    return load(own) + (peer == nullptr ? 0 : load(*peer));
  }

  /// Adds `bytes` unless more than `limit` would be held.
  [[nodiscard]] bool add(std::uint64_t bytes, std::uint64_t limit) const noexcept {
    const std::uint64_t before = held();
    if (before > limit || bytes > limit - before)
      return false;  // in sight of the peer nothing moved
    Cell{own}.fetch_add(bytes);
    if (held() <= limit) return true;
    Cell{own}.fetch_sub(bytes);
    return false;
  }
};

/// Capacity of the block for `size` bytes; it is taken off `bytes`. Throws std::invalid_argument.
std::size_t take_capacity(std::uint64_t size, std::uint64_t& bytes, const char* missing) {
  if (size == 0) return 0;
  const std::size_t capacity = size <= bytes ? capacity_for(size) : 0;
  if (size > bytes || capacity > bytes) throw std::invalid_argument{missing};
  bytes -= capacity;
  return capacity;
}

/// Capacities of the blocks that `need` will acquire. Throws std::invalid_argument.
std::array<std::size_t, 2> capacities(const Need& need) {
  std::uint64_t bytes = need.bytes;
  const std::size_t output =
      take_capacity(need.output, bytes, "the bytes do not include the output's block");
  return {output, take_capacity(need.body, bytes, "the bytes do not include the body's block")};
}

}  // namespace

Reservation::Reservation(std::shared_ptr<Account> account, HeldBytes bytes) noexcept
    : account_{std::move(account)}, bytes_{bytes} {}

Reservation::~Reservation() { release(); }

Reservation::Reservation(Reservation&& other) noexcept
    : account_{std::move(other.account_)}, bytes_{std::exchange(other.bytes_, {})} {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  std::swap(account_, other.account_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

bool Reservation::try_grow(std::uint64_t bytes) noexcept {
  return account_ && account_->grow(bytes_, bytes);
}

Reservation Reservation::split(std::uint64_t bytes) {
  if (bytes > nbytes()) throw std::invalid_argument{"the reservation has less"};
  const std::uint64_t kept = std::min(bytes, bytes_.kept);
  const HeldBytes off{.kept = kept, .rest = bytes - kept};
  bytes_ = {.kept = bytes_.kept - off.kept, .rest = bytes_.rest - off.rest};
  return {account_, off};
}

Reservation Reservation::take() noexcept { return {account_, std::exchange(bytes_, {})}; }

void Reservation::release() noexcept {
  if (nbytes() != 0) account_->give_back(std::exchange(bytes_, {}));
}

Account::Account(const Share& share, Pool& pool)
    : limit_{share.limit},
      kept_{share.kept},
      held_{share.held == nullptr ? own_ : *share.held},
      peer_{share.peer},
      pool_{pool} {
  if (limit_ > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    throw std::invalid_argument{"the limit is beyond 2^63 - 1"};
  }
  if (kept_ > limit_) throw std::invalid_argument{"more is kept than the limit"};
}

std::optional<Reservation> Account::try_reserve(const Need& need) {
  if (need.bytes > limit_) return std::nullopt;
  const std::array<std::size_t, 2> blocks = capacities(need);
  const std::lock_guard lock{reserving_};
  const std::optional<HeldBytes> bytes = take(need);
  if (!bytes) return std::nullopt;
  make_room(blocks);
  return Reservation{shared_from_this(), *bytes};
}

std::uint64_t Account::held() const noexcept { return load(held_.kept) + load(held_.rest); }

std::optional<HeldBytes> Account::take(const Need& need) noexcept {
  const Part kept{held_.kept, peer_ == nullptr ? nullptr : &peer_->kept};
  if (need.small && kept.add(need.bytes, kept_)) return HeldBytes{.kept = need.bytes};
  const Part rest{held_.rest, peer_ == nullptr ? nullptr : &peer_->rest};
  if (need.rest && rest.add(need.bytes, limit_ - kept_)) return HeldBytes{.rest = need.bytes};
  return std::nullopt;
}

bool Account::grow(HeldBytes& bytes, std::uint64_t more) noexcept {
  const std::lock_guard lock{reserving_};
  const std::optional<HeldBytes> taken = take({.bytes = more});
  if (!taken) return false;
  bytes.rest += taken->rest;
  make_room({});
  return true;
}

void Account::make_room(const std::array<std::size_t, 2>& spare_capacities) noexcept {
  const std::uint64_t held_by_all =
      held() + (peer_ == nullptr ? 0 : load(peer_->kept) + load(peer_->rest));
  pool_.trim(
      {.keep_bytes = limit_ - std::min(limit_, held_by_all), .spare_capacities = spare_capacities});
}

void Account::give_back(const HeldBytes& bytes) noexcept {
  if (bytes.kept != 0) Cell{held_.kept}.fetch_sub(bytes.kept);
  if (bytes.rest != 0) Cell{held_.rest}.fetch_sub(bytes.rest);
  if (wanted_) wakeups_.signal();
}

}  // namespace pixelferry::memory

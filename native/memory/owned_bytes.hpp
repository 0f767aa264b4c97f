// The reference-counted holder behind every buffer that Python sees.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <variant>

#include "memory/account.hpp"
#include "memory/copies.hpp"
#include "memory/pool.hpp"

namespace pixelferry::memory {

/// Runs a function exactly once, when the last owner goes. Move-only.
class Finalizer {
 public:
  /// `run` must not throw.
  explicit Finalizer(std::function<void()> run) noexcept : run_{std::move(run)} {}
  ~Finalizer() {
    if (run_) run_();
  }
  Finalizer(Finalizer&& other) noexcept : run_{std::exchange(other.run_, nullptr)} {}
  Finalizer& operator=(Finalizer&&) = delete;
  Finalizer(const Finalizer&) = delete;
  Finalizer& operator=(const Finalizer&) = delete;

 private:
  std::function<void()> run_;
};

/// Read-only bytes that live until the last reference is gone: one held by the object that owns
/// them, one by each export. Immutable, so any thread may read and release.
class OwnedBytes {
 public:
  /// Takes a block; it goes back to its pool at the end.
  explicit OwnedBytes(Block block, Copies copies = {}) noexcept;

  /// Takes charge of foreign memory; `finalizer` runs on the thread of the last release.
  OwnedBytes(std::span<const std::uint8_t> bytes, Finalizer finalizer) noexcept;

  /// Takes charge of the bytes reserved for the memory: they end after it went back. Before others
  /// see the holder.
  void attach(Reservation reservation) noexcept { reservation_ = std::move(reservation); }

  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }
  /// What was copied to make it.
  [[nodiscard]] Copies copies() const noexcept { return copies_; }

 private:
  Reservation reservation_;  // first, so that it is destroyed after the owner
  std::variant<Block, Finalizer> owner_;
  std::span<const std::uint8_t> bytes_;
  Copies copies_;
};

using OwnedBytesRef = std::shared_ptr<const OwnedBytes>;

/// The explicit copy, counted: `bytes`, borrowed for the call, in a block from `pool`.
/// Throws std::bad_alloc.
[[nodiscard]] OwnedBytesRef copy_of(std::span<const std::uint8_t> bytes, Pool& pool);

}  // namespace pixelferry::memory

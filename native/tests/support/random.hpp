// Random inputs that can be had again: set PIXELFERRY_TEST_SEED to the seed a run printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace pixelferry::test {

using Bytes = std::vector<std::uint8_t>;

/// The seed of this run.
[[nodiscard]] std::uint64_t seed();

/// A seed that belongs to these bytes: what is drawn for an input can be had again from it alone.
[[nodiscard]] std::uint64_t seed_of(std::span<const std::uint8_t> bytes);

/// Every instance yields the same numbers for the same seed.
class Random {
 public:
  explicit Random(std::uint64_t seed = test::seed()) : engine_{seed} {}

  /// 0 … limit - 1.
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(engine_);
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }
  /// True once in `times`.
  bool once_in(std::size_t times) { return below(times) == 0; }
  Bytes bytes(std::size_t count);

 private:
  std::mt19937_64 engine_;
};

}  // namespace pixelferry::test

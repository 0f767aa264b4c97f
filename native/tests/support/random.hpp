// Random inputs that can be had again: set PIXELFERRY_TEST_SEED to the seed a run printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace pixelferry::test {

using Bytes = std::vector<std::uint8_t>;

/// The seed of this run.
[[nodiscard]] std::uint64_t seed();

/// Every instance yields the same numbers for the same seed.
class Random {
 public:
  /// 0 … limit - 1.
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(engine_);
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }
  Bytes bytes(std::size_t count);

 private:
  std::mt19937_64 engine_{seed()};
};

}  // namespace pixelferry::test

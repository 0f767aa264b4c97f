// Histograms of times in memory that other processes read meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pixelferry {

/// Some histograms with the same bounds, which lie one after the other. Each has a count for every
/// bucket, not cumulative, the last one for what is above all bounds; and the sum of all times.
/// One thread at a time, in one process, may call `observe`. Any may read the memory meanwhile, if
/// it reads each number with one load.
class Histograms {
 public:
  /// Borrows both spans, which must outlive it: bounds.size() + 1 counts and one sum for each
  /// histogram. `bounds` ascend; a time equal to a bound lies below it. Throws
  /// std::invalid_argument if the spans do not fit each other.
  Histograms(std::span<std::uint64_t> counts, std::span<double> sums, std::vector<double> bounds);

  [[nodiscard]] std::size_t size() const noexcept { return sums_.size(); }

  /// Counts a time in histogram `index`, which must be below size().
  void observe(std::size_t index, double seconds) noexcept;

 private:
  std::span<std::uint64_t> counts_;
  std::span<double> sums_;
  std::vector<double> bounds_;
};

}  // namespace pixelferry

#include "histograms.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

namespace pixelferry {
namespace {

// Not fetch_add: there is one writer, and a locked instruction costs more than all else here.
template <typename T>
void add(T& cell, T amount) noexcept {
  const std::atomic_ref<T> shared{cell};
  shared.store(shared.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

Histograms::Histograms(std::span<std::uint64_t> counts, std::span<double> sums,
                       std::vector<double> bounds)
    : counts_{counts}, sums_{sums}, bounds_{std::move(bounds)} {
  const std::size_t width = bounds_.size() + 1;
  if (counts_.size() % width != 0 || counts_.size() / width != sums_.size()) {
    throw std::invalid_argument("counts and sums are of different numbers of histograms");
  }
}

void Histograms::observe(std::size_t index, double seconds) noexcept {
  const auto bound = std::ranges::lower_bound(bounds_, seconds);
  const auto bucket = static_cast<std::size_t>(bound - bounds_.begin());
  add(counts_[index * (bounds_.size() + 1) + bucket], std::uint64_t{1});
  add(sums_[index], seconds);
}

}  // namespace pixelferry

#include "png/unfilter.hpp"

#include <array>

#include "png/unfilter_scalar.hpp"

namespace pixelferry::png {
namespace {

constexpr std::array<UnfilterVariant, 1> kVariants{{
    {SimdLevel::scalar, unfilter_kernels_scalar},
}};

}  // namespace

std::span<const UnfilterVariant> unfilter_variants() noexcept { return kVariants; }

const UnfilterKernels& unfilter_kernels(std::size_t bytes_per_pixel) noexcept {
  return usable(kVariants).kernels(bytes_per_pixel);
}

void unfilter(const UnfilterKernels& kernels, FilterType type, std::span<std::uint8_t> row,
              std::span<const std::uint8_t> prior) noexcept {
  const bool top = prior.empty();
  UnfilterKernel kernel = nullptr;
  switch (type) {
    case FilterType::none:
      return;
    case FilterType::sub:
      kernel = kernels.sub;
      break;
    case FilterType::up:
      if (top) return;
      kernel = kernels.up;
      break;
    case FilterType::average:
      kernel = top ? kernels.average_top : kernels.average;
      break;
    case FilterType::paeth:
      kernel = top ? kernels.sub : kernels.paeth;
      break;
  }
  kernel(row.data(), prior.data(), row.size());
}

}  // namespace pixelferry::png

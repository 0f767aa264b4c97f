// The unfilter kernels of each SIMD level, and how each picks them by bytes per pixel.
#pragma once

#include "png/unfilter.hpp"

namespace pixelferry::png {

const UnfilterKernels& unfilter_kernels_scalar(std::size_t bytes_per_pixel) noexcept;
const UnfilterKernels& unfilter_kernels_ssse3(std::size_t bytes_per_pixel) noexcept;
const UnfilterKernels& unfilter_kernels_sse41(std::size_t bytes_per_pixel) noexcept;
const UnfilterKernels& unfilter_kernels_avx2(std::size_t bytes_per_pixel) noexcept;
const UnfilterKernels& unfilter_kernels_neon(std::size_t bytes_per_pixel) noexcept;

/// `Level<Bpp>::kKernels` for the bytes per pixel given. Static: a template as its argument, though
/// local to a file, leaves it a weak symbol, and all levels would share one.
template <template <std::size_t> typename Level>
static const UnfilterKernels& kernels_of(std::size_t bytes_per_pixel) noexcept {
  switch (bytes_per_pixel) {
    case 2:
      return Level<2>::kKernels;
    case 3:
      return Level<3>::kKernels;
    case 4:
      return Level<4>::kKernels;
    case 6:
      return Level<6>::kKernels;
    case 8:
      return Level<8>::kKernels;
    default:
      return Level<1>::kKernels;
  }
}

}  // namespace pixelferry::png

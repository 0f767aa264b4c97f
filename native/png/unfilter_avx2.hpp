// Unfilter kernels with AVX2.
#pragma once

#include "png/unfilter.hpp"

namespace pixelferry::png {

const UnfilterKernels& unfilter_kernels_avx2(std::size_t bytes_per_pixel) noexcept;

}  // namespace pixelferry::png

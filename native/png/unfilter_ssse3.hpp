// Unfilter kernels with SSSE3.
#pragma once

#include "png/unfilter.hpp"

namespace pixelferry::png {

const UnfilterKernels& unfilter_kernels_ssse3(std::size_t bytes_per_pixel) noexcept;

}  // namespace pixelferry::png

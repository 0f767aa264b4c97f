// Unfilter kernels with SSE4.1.
#pragma once

#include "png/unfilter.hpp"

namespace pixelferry::png {

const UnfilterKernels& unfilter_kernels_sse41(std::size_t bytes_per_pixel) noexcept;

}  // namespace pixelferry::png

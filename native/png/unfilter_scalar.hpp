// The scalar kernels: they define what is right.
#pragma once

#include "png/unfilter.hpp"

namespace pixelferry::png {

const UnfilterKernels& unfilter_kernels_scalar(std::size_t bytes_per_pixel) noexcept;

}  // namespace pixelferry::png

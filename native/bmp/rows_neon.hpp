// Row kernels with NEON.
#pragma once

#include "bmp/rows.hpp"

namespace pixelferry::bmp {

RowKernel bgr_row_kernel_neon(png::ColorType type, std::uint8_t bit_depth) noexcept;

}  // namespace pixelferry::bmp

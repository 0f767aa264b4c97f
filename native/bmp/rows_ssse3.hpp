// Row kernels with SSSE3.
#pragma once

#include "bmp/rows.hpp"

namespace pixelferry::bmp {

RowKernel bgr_row_kernel_ssse3(png::ColorType type, std::uint8_t bit_depth) noexcept;

}  // namespace pixelferry::bmp

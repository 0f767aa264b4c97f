// The scalar kernels: they define what is right.
#pragma once

#include "bmp/rows.hpp"

namespace pixelferry::bmp {

RowKernel bgr_row_kernel_scalar(png::ColorType type, std::uint8_t bit_depth) noexcept;

}  // namespace pixelferry::bmp

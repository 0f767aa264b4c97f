// The scalar kernels: they define what is right.
#pragma once

#include "bmp/rows.hpp"

namespace pixelferry::bmp {

RowKernel bgr_row_kernel_scalar(png::ColorType type, std::uint8_t bit_depth) noexcept;

void scatter_scalar(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels,
                    std::size_t step) noexcept;

}  // namespace pixelferry::bmp

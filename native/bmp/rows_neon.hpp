// Row kernels with NEON.
#pragma once

#include "bmp/rows.hpp"

namespace pixelferry::bmp {

RowKernel bgr_row_kernel_neon(png::ColorType type, std::uint8_t bit_depth) noexcept;

void scatter_neon(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels,
                  std::size_t step) noexcept;

}  // namespace pixelferry::bmp

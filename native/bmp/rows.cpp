#include "bmp/rows.hpp"

#include "bmp/rows_scalar.hpp"

namespace pixelferry::bmp {
namespace {

constexpr std::array<RowVariant, 1> kVariants{{
    {SimdLevel::scalar, bgr_row_kernel_scalar},
}};

}  // namespace

std::span<const RowVariant> bgr_row_variants() noexcept { return kVariants; }

RowKernel bgr_row_kernel(png::ColorType type, std::uint8_t bit_depth) noexcept {
  return usable(kVariants).kernel(type, bit_depth);
}

ColorTable gray_colors(std::uint8_t bit_depth) noexcept {
  ColorTable colors{};
  const unsigned most = (1U << bit_depth) - 1;
  for (unsigned sample = 0; sample <= most; ++sample) {
    const auto gray = static_cast<std::uint8_t>(sample * 255 / most);
    colors[sample] = {gray, gray, gray};
  }
  return colors;
}

}  // namespace pixelferry::bmp

// From unfiltered PNG scanlines to rows of 24-bit BMP pixels: B, G, R.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "png/header.hpp"
#include "simd.hpp"

namespace pixelferry::bmp {

struct Bgr {
  std::uint8_t blue;
  std::uint8_t green;
  std::uint8_t red;
};

/// The color of every index. Also serves gray below 8 bits, whose samples are indices of grays.
using ColorTable = std::array<Bgr, 256>;

/// Writes 3 × `pixels` bytes to `to` from the packed samples at `from`; the two do not overlap.
/// 16-bit samples give their high byte, alpha is dropped. Cannot fail; any thread.
using RowKernel = void (*)(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels,
                           const ColorTable& colors) noexcept;

/// One implementation of all kernels.
struct RowVariant {
  SimdLevel level;
  RowKernel (*kernel)(png::ColorType type, std::uint8_t bit_depth) noexcept;
};

/// Fastest first, scalar last.
[[nodiscard]] std::span<const RowVariant> bgr_row_variants() noexcept;

/// The kernel of the fastest variant that runs here. Any thread.
[[nodiscard]] RowKernel bgr_row_kernel(png::ColorType type, std::uint8_t bit_depth) noexcept;

/// The grays of `bit_depth` 1, 2 or 4: sample × 255 / (2^depth - 1).
[[nodiscard]] ColorTable gray_colors(std::uint8_t bit_depth) noexcept;

}  // namespace pixelferry::bmp

// From unfiltered PNG scanlines to rows of 24-bit BMP pixels: B, G, R.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "png/header.hpp"
#include "png/survey.hpp"
#include "simd.hpp"

namespace pixelferry::bmp {

/// Of 4 bytes, so that one load and one store move it.
struct alignas(4) Bgr {
  std::uint8_t blue = 0;
  std::uint8_t green = 0;
  std::uint8_t red = 0;
  std::uint8_t unused = 0;
};

/// The color of every index, twice: whole, and as planes for look-ups in registers. Also serves
/// gray below 8 bits, whose samples are indices of grays. Arrays without functions of their own,
/// because files compiled for one SIMD level may emit nothing that others share.
struct alignas(64) ColorTable {
  Bgr colors[256];
  std::uint8_t planes[3][256];  // blues, greens, reds
};

/// Writes 3 × `pixels` bytes to `to` from the packed samples at `from`; the two do not overlap.
/// 16-bit samples give their high byte, alpha is dropped. Cannot fail; any thread.
using RowKernel = void (*)(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels,
                           const ColorTable& colors) noexcept;

/// Writes `pixels` pixels of 3 bytes to every `step`-th pixel of `to`, the first one included, as a
/// pass of Adam7 asks. What lies between them is not touched, or written back as it was. Cannot
/// fail; any thread.
using ScatterKernel = void (*)(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels,
                               std::size_t step) noexcept;

/// One implementation of all kernels.
struct RowVariant {
  SimdLevel level;
  RowKernel (*kernel)(png::ColorType type, std::uint8_t bit_depth) noexcept;
  ScatterKernel scatter;
};

/// Fastest first, scalar last.
[[nodiscard]] std::span<const RowVariant> bgr_row_variants() noexcept;

/// The kernel of the fastest variant that runs here. Any thread.
[[nodiscard]] RowKernel bgr_row_kernel(png::ColorType type, std::uint8_t bit_depth) noexcept;

[[nodiscard]] ScatterKernel scatter_kernel() noexcept;

/// At most 256 colors; the indices beyond them are black.
[[nodiscard]] ColorTable color_table(std::span<const png::Rgb> palette) noexcept;

/// The grays of `bit_depth` 1, 2 or 4: sample × 255 / (2^depth - 1).
[[nodiscard]] ColorTable gray_table(std::uint8_t bit_depth) noexcept;

}  // namespace pixelferry::bmp

// Undoing the five filter types of a scanline (PNG specification 9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "simd.hpp"

namespace pixelferry::png {

enum class FilterType : std::uint8_t { none, sub, up, average, paeth };
inline constexpr std::uint8_t kMaxFilterType = 4;

/// Works in place on `size` bytes, a multiple of the bytes per pixel; `prior` is the scanline
/// above, unfiltered, of the same size, and does not overlap.
using UnfilterKernel = void (*)(std::uint8_t* row, const std::uint8_t* prior,
                                std::size_t size) noexcept;

/// The kernels for one number of bytes per pixel. The top row of a pass has zeros above: there Up
/// is None, Paeth is Sub, and Average has a kernel of its own, which takes a null `prior`.
struct UnfilterKernels {
  UnfilterKernel sub;
  UnfilterKernel up;
  UnfilterKernel average;
  UnfilterKernel average_top;
  UnfilterKernel paeth;
};

/// One implementation of all kernels.
struct UnfilterVariant {
  SimdLevel level;
  /// For 1, 2, 3, 4, 6 or 8 bytes per pixel; 1 also serves pixels below a byte.
  const UnfilterKernels& (*kernels)(std::size_t bytes_per_pixel) noexcept;
};

/// Fastest first, scalar last.
[[nodiscard]] std::span<const UnfilterVariant> unfilter_variants() noexcept;

/// The kernels of the fastest variant that runs here. Any thread.
[[nodiscard]] const UnfilterKernels& unfilter_kernels(std::size_t bytes_per_pixel) noexcept;

/// Unfilters `row` (without its filter type byte) in place; `prior` is the scanline above or empty
/// for the top row of a pass. Borrows both for the call; cannot fail; any thread.
void unfilter(const UnfilterKernels& kernels, FilterType type, std::span<std::uint8_t> row,
              std::span<const std::uint8_t> prior) noexcept;

}  // namespace pixelferry::png

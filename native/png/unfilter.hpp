// Undoing the five filter types of scanlines (PNG specification 9).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "simd.hpp"

namespace pixelferry::png {

enum class FilterType : std::uint8_t { none, sub, up, average, paeth };
inline constexpr std::uint8_t kMaxFilterType = 4;

/// Undoes one filter type in place on `size` bytes, a multiple of the bytes per pixel; `prior` is
/// the scanline above, unfiltered, of the same size, and does not overlap.
using UnfilterKernel = void (*)(std::uint8_t* row, const std::uint8_t* prior,
                                std::size_t size) noexcept;

/// Undoes any filter types in several scanlines at once, in place: `first` is the first of them,
/// the others follow every `stride` bytes, the scanline above (unfiltered) stands `stride` bytes
/// before, and the byte before each scanline is its filter type.
using WavefrontKernel = void (*)(std::uint8_t* first, std::size_t stride,
                                 std::size_t size) noexcept;

/// Average and Paeth wait for the pixel to the left, so that one scanline leaves a CPU idle most of
/// the time. A wavefront decodes several, each some pixels behind the one above it.
struct Wavefront {
  WavefrontKernel kernel = nullptr;
  std::size_t rows = 0;      // scanlines it decodes at once
  std::size_t min_size = 0;  // bytes that a scanline must have
  unsigned cost = 0;         // of all its scanlines, where undoing Sub in one costs 1
};

/// The kernels for one number of bytes per pixel.
struct UnfilterKernels {
  UnfilterKernel sub;
  UnfilterKernel up;
  UnfilterKernel average;
  UnfilterKernel paeth;
  std::array<Wavefront, 3> wavefronts{};  // most rows first; unused ones have no rows
};

/// One implementation of all kernels.
struct UnfilterVariant {
  SimdLevel level;
  /// For 1, 2, 3, 4, 6 or 8 bytes per pixel; 1 also serves pixels below a byte.
  const UnfilterKernels& (*kernels)(std::size_t bytes_per_pixel) noexcept;
};

/// Fastest first, scalar last.
[[nodiscard]] std::span<const UnfilterVariant> unfilter_variants() noexcept;

/// The kernels of the fastest variant that may be used. Any thread.
[[nodiscard]] const UnfilterKernels& unfilter_kernels(std::size_t bytes_per_pixel) noexcept;

/// Scanlines one after the other, each behind its filter type byte, which is kMaxFilterType at
/// most. The first one is unfiltered already, or zeros above the top of a picture
/// (specification 9.2).
struct Scanlines {
  std::span<std::uint8_t> bytes;  // borrowed; a multiple of `stride`
  std::size_t stride;             // 1 + bytes of a scanline

  [[nodiscard]] std::size_t count() const noexcept { return bytes.size() / stride; }
  [[nodiscard]] FilterType filter(std::size_t i) const noexcept {
    return FilterType{bytes[i * stride]};
  }
  [[nodiscard]] std::span<std::uint8_t> row(std::size_t i) const noexcept {
    return bytes.subspan(i * stride + 1, stride - 1);
  }
};

/// Unfilters all scanlines but the first in place and returns how many are unfiltered now, the
/// first included. If more follow, `room` is how many fit the caller's window, the first included,
/// lines.count() at least: the last ones may be left then, for a wavefront together with those to
/// come; they and the one above them are fewer than `room`. It is 0 if none follow, and then none
/// are left. Cannot fail; any thread.
std::size_t unfilter(const UnfilterKernels& kernels, const Scanlines& lines,
                     std::size_t room) noexcept;

}  // namespace pixelferry::png

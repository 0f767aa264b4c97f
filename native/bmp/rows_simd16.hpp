// What SIMD levels with registers of 16 bytes bring to rows_simd.hpp alike: palettes of 16 colors
// and their indices. Included by the files of one level only; all of it is local to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bmp/rows_scalar.hpp"
#include "bmp/rows_simd.hpp"

namespace pixelferry::bmp {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

/// `Simd`, which inherits this, also has
///   widened(bytes)   8 bytes, then whatever
///   split<Bits>(v)   each of the first 8 bytes, of 2 × Bits bits, as two of Bits, the high one
///   first
template <typename Simd>
class Simd16 {
 public:
  static constexpr std::size_t kBytes = 16;
  static constexpr unsigned kMostBits = 4;
  static constexpr auto kLower = bgr_row_kernel_scalar;

  template <std::size_t Bits>
  static auto indices(const Byte* from) noexcept {
    std::uint64_t packed = 0;
    std::memcpy(&packed, from, 2 * Bits);
    const auto nibbles = Simd::template split<4>(Simd::widened(packed));
    if constexpr (Bits == 4) {
      return nibbles;
    } else if constexpr (Bits == 2) {
      return Simd::template split<2>(nibbles);
    } else {
      return Simd::template split<1>(Simd::template split<2>(nibbles));
    }
  }

  template <unsigned Bits>
  struct Palette {
    explicit Palette(const ColorTable& colors) noexcept
        : planes{Simd::load(colors.planes[0]), Simd::load(colors.planes[1]),
                 Simd::load(colors.planes[2])} {}

    template <unsigned Channel>
    auto look_up(typename Simd::Bytes indices) const noexcept {
      return Simd::pick(planes[Channel], indices);
    }

    typename Simd::Bytes planes[3];
  };

 private:
  friend Simd;
  Simd16() = default;
};

}  // namespace
}  // namespace pixelferry::bmp

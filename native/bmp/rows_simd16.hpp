// What SIMD levels with registers of 16 bytes have in common: palettes of 16 colors and their
// indices for rows_simd.hpp, and the scatter kernel. Included by the files of one level only; all
// of it is local to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bmp/rows_scalar.hpp"
#include "bmp/rows_simd.hpp"

namespace pixelferry::bmp {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

/// `Simd`, which inherits this, also has
///   widened(bytes)          8 bytes, then whatever
///   select(mask, yes, no)   of each byte all or nothing
///   split<Bits>(v)          each of the first 8 bytes, of 2 × Bits bits, as two of Bits, the high
///   one first
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

  static auto merge(auto a, auto b, auto c) noexcept {
    static constexpr auto kOfB = positions<Simd>([](auto i) { return i % 3 == 1 ? 0xFF : 0; });
    static constexpr auto kOfC = positions<Simd>([](auto i) { return i % 3 == 2 ? 0xFF : 0; });
    return Simd::select(Simd::load(kOfC.at), c, Simd::select(Simd::load(kOfB.at), b, a));
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

/// The part of 16 bytes, `part` of 3, of pixels spread to every second place: which bytes they
/// fill, and where these come from among 16 bytes of pixels that begin at `offset`.
template <typename Simd>
struct Spread {
  explicit consteval Spread(std::size_t part, std::size_t offset)
      : filled{positions<Simd>([=](auto i) { return (16 * part + i) % 6 < 3 ? 0xFF : 0; })},
        source{positions<Simd>([=](auto i) {
          const std::size_t byte = 16 * part + i;
          return byte / 6 * 3 + byte % 6 - offset;
        })} {}

  void merge(Byte* to, const Byte* from) const noexcept {
    const auto spread = Simd::pick(Simd::load(from), Simd::load(source.at));
    Simd::store(to, Simd::select(Simd::load(filled.at), spread, Simd::load(to)));
  }

  Positions<Simd> filled;
  Positions<Simd> source;
};

/// Every second pixel, of which Adam7 has most, by 8; a block ends with the one behind its last.
template <typename Simd>
void scatter(Byte* to, const Byte* from, std::size_t pixels, std::size_t step) noexcept {
  static constexpr Spread<Simd> kFirst{0, 0};
  static constexpr Spread<Simd> kSecond{1, 8};
  static constexpr Spread<Simd> kThird{2, 8};
  if (step == 2) {
    for (; pixels > 8; pixels -= 8, to += 48, from += 24) {
      kFirst.merge(to, from);
      kSecond.merge(to + 16, from + 8);
      kThird.merge(to + 32, from + 8);
    }
  }
  scatter_scalar(to, from, pixels, step);
}

}  // namespace
}  // namespace pixelferry::bmp

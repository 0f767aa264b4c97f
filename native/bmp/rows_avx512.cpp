#include "bmp/rows_avx512.hpp"

#include <immintrin.h>

#include "bmp/rows_simd.hpp"
#include "bmp/rows_ssse3.hpp"

namespace pixelferry::bmp {
namespace {

struct Avx512 {
  using Bytes = __m512i;
  static constexpr std::size_t kBytes = 64;
  static constexpr unsigned kMostBits = 8;
  static constexpr __mmask64 kAll = ~__mmask64{0};
  static constexpr auto kLower = bgr_row_kernel_ssse3;

  static Bytes load(const Byte* from) noexcept { return _mm512_loadu_si512(from); }
  static void store(Byte* to, Bytes v) noexcept { _mm512_storeu_si512(to, v); }
  template <unsigned Count>
  static void store_first(Byte* to, Bytes v) noexcept {
    _mm512_mask_storeu_epi8(to, kAll >> (kBytes - Count), v);
  }

  // The forms with a mask of all bytes, for GCC 12 finds the others uninitialized (GCC bug 105593).
  static Bytes pick(Bytes v, Bytes at) noexcept {
    return _mm512_maskz_permutexvar_epi8(kAll, at, v);
  }
  static Bytes pick(Bytes v, Bytes w, Bytes at) noexcept {
    return _mm512_permutex2var_epi8(v, at, w);
  }

  template <std::size_t Step>
  static Bytes first_bytes(const Byte* from) noexcept {
    if constexpr (Step == 1) {
      return load(from);
    } else {
      static constexpr auto kEven = positions<Avx512>([](auto i) { return 2 * i; });
      const Bytes even = load(kEven.at);
      const auto half = [=](const Byte* at) {  // Step / 2 bytes of each pixel
        return pick(load(at), load(at + kBytes), even);
      };
      if constexpr (Step == 2) return half(from);
      return pick(half(from), half(from + 2 * kBytes), even);
    }
  }

  /// The bytes of 64 indices, each as often as it holds some, then of each the bits that count.
  template <std::size_t Bits>
  static Bytes indices(const Byte* from) noexcept {
    constexpr std::size_t kPerByte = 8 / Bits;
    static constexpr auto kByteOf = positions<Avx512>([](auto i) { return i / kPerByte; });
    static constexpr auto kShift =
        positions<Avx512>([](auto i) { return i % 8 * 8 + (kPerByte - 1 - i % kPerByte) * Bits; });
    static constexpr auto kMask = positions<Avx512>([](auto) { return (1 << Bits) - 1; });
    const Bytes packed = _mm512_maskz_loadu_epi8(kAll >> (kBytes - 8 * Bits), from);
    const Bytes shifted =
        _mm512_maskz_multishift_epi64_epi8(kAll, load(kShift.at), pick(packed, load(kByteOf.at)));
    return _mm512_and_si512(shifted, load(kMask.at));
  }

  /// Up to 64 entries fit into a register, 256 into four.
  template <unsigned Bits>
  struct Palette {
    static constexpr std::size_t kRegisters = Bits == 8 ? 4 : 1;

    explicit Palette(const ColorTable& colors) noexcept {
      for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t i = 0; i < kRegisters; ++i) {
          planes[c][i] = load(&colors.planes[c][kBytes * i]);
        }
      }
    }
    template <unsigned Channel>
    Bytes look_up(Bytes indices) const noexcept {
      const Bytes(&plane)[kRegisters] = planes[Channel];
      if constexpr (Bits < 8) {
        return pick(plane[0], indices);
      } else {
        return _mm512_mask_blend_epi8(_mm512_movepi8_mask(indices),
                                      pick(plane[0], plane[1], indices),
                                      pick(plane[2], plane[3], indices));
      }
    }
    Bytes planes[3][kRegisters];
  };

  static Bytes merge(Bytes a, Bytes b, Bytes c) noexcept {
    constexpr __mmask64 kOfB = 0x2492492492492492;
    constexpr __mmask64 kOfC = 0x4924924924924924;
    return _mm512_mask_blend_epi8(kOfC, _mm512_mask_blend_epi8(kOfB, a, b), c);
  }
};

}  // namespace

RowKernel bgr_row_kernel_avx512(png::ColorType type, std::uint8_t bit_depth) noexcept {
  return row_kernel<Avx512>(type, bit_depth);
}

}  // namespace pixelferry::bmp

#include "bmp/rows_ssse3.hpp"

#include <tmmintrin.h>

#include "bmp/rows_simd16.hpp"

namespace pixelferry::bmp {
namespace {

struct Ssse3 : Simd16<Ssse3> {
  using Bytes = __m128i;

  static Bytes load(const Byte* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const Bytes*>(from));
  }
  static void store(Byte* to, Bytes v) noexcept {
    _mm_storeu_si128(reinterpret_cast<Bytes*>(to), v);
  }
  /// As two halves that overlap.
  template <int Count>
  static void store_first(Byte* to, Bytes v) noexcept {
    _mm_storel_epi64(reinterpret_cast<Bytes*>(to), v);
    _mm_storel_epi64(reinterpret_cast<Bytes*>(to + Count - 8), _mm_srli_si128(v, Count - 8));
  }

  static Bytes pick(Bytes v, Bytes at) noexcept { return _mm_shuffle_epi8(v, at); }
  /// A position with the highest bit set picks 0: of each register those that are not its own.
  static Bytes pick(Bytes v, Bytes w, Bytes at) noexcept {
    const Bytes at_v = _mm_add_epi8(at, _mm_set1_epi8(0x80 - kBytes));
    const Bytes at_w = _mm_sub_epi8(at, _mm_set1_epi8(kBytes));
    return _mm_or_si128(pick(v, at_v), pick(w, at_w));
  }

  template <std::size_t Step>
  static Bytes first_bytes(const Byte* from) noexcept {
    if constexpr (Step == 1) {
      return load(from);
    } else if constexpr (Step == 2) {
      const Bytes first = _mm_set1_epi16(0xFF);
      return _mm_packus_epi16(_mm_and_si128(load(from), first),
                              _mm_and_si128(load(from + kBytes), first));
    } else {
      const Bytes first = _mm_set1_epi32(0xFF);
      const auto eight = [=](const Byte* at) {
        return _mm_packs_epi32(_mm_and_si128(load(at), first),
                               _mm_and_si128(load(at + kBytes), first));
      };
      return _mm_packus_epi16(eight(from), eight(from + 2 * kBytes));
    }
  }

  static Bytes widened(std::uint64_t bytes) noexcept {
    return _mm_cvtsi64_si128(static_cast<long long>(bytes));
  }
  template <int Bits>
  static Bytes split(Bytes v) noexcept {
    const Bytes mask = _mm_set1_epi8((1 << Bits) - 1);
    return _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(v, Bits), mask), _mm_and_si128(v, mask));
  }

  static Bytes select(Bytes mask, Bytes yes, Bytes no) noexcept {
    return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
  }
};

}  // namespace

RowKernel bgr_row_kernel_ssse3(png::ColorType type, std::uint8_t bit_depth) noexcept {
  return row_kernel<Ssse3>(type, bit_depth);
}

void scatter_ssse3(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels,
                   std::size_t step) noexcept {
  scatter<Ssse3>(to, from, pixels, step);
}

}  // namespace pixelferry::bmp

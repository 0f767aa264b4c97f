// Vectors of 16 bytes on x86-64, from SSSE3 up: the operations that unfilter_blocks.hpp,
// unfilter_row.hpp and unfilter_wavefront.hpp are made of.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

struct Vec128 {
  using Vec = __m128i;
  using Half = Vec128;  // what a row of pixels is loaded into

  static Vec zero() noexcept { return _mm_setzero_si128(); }
  static Vec load(const std::uint8_t* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const Vec*>(from));
  }
  static Vec load_8(const std::uint8_t* from) noexcept { return _mm_loadu_si64(from); }
  static Vec load_4(const std::uint8_t* from) noexcept { return _mm_loadu_si32(from); }
  static void store(std::uint8_t* to, Vec v) noexcept {
    _mm_storeu_si128(reinterpret_cast<Vec*>(to), v);
  }
  static void store_8(std::uint8_t* to, Vec v) noexcept { _mm_storeu_si64(to, v); }
  static void store_4(std::uint8_t* to, Vec v) noexcept { _mm_storeu_si32(to, v); }

  static Vec min(Vec a, Vec b) noexcept { return _mm_min_epu8(a, b); }
  static Vec max(Vec a, Vec b) noexcept { return _mm_max_epu8(a, b); }
  static Vec add(Vec a, Vec b) noexcept { return _mm_add_epi8(a, b); }
  static Vec subtract(Vec a, Vec b) noexcept { return _mm_sub_epi8(a, b); }
  static Vec equal(Vec a, Vec b) noexcept { return _mm_cmpeq_epi8(a, b); }
  static Vec bit_and(Vec a, Vec b) noexcept { return _mm_and_si128(a, b); }

  /// Rounds down; the instruction rounds up.
  static Vec average(Vec a, Vec b) noexcept {
    const Vec odd = _mm_and_si128(_mm_xor_si128(a, b), _mm_set1_epi8(1));
    return _mm_sub_epi8(_mm_avg_epu8(a, b), odd);
  }

  /// `yes` where the mask is 0xFF, `no` where it is 0.
  static Vec select(Vec mask, Vec yes, Vec no) noexcept {
#if defined(__SSE4_1__)
    return _mm_blendv_epi8(no, yes, mask);
#else
    return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
#endif
  }

  /// The bytes at `indices`; 0x80 gives 0.
  static Vec shuffle(Vec v, Vec indices) noexcept { return _mm_shuffle_epi8(v, indices); }

  /// Towards higher addresses: zeros come in at the front.
  template <std::size_t Bytes>
  static Vec shift_up(Vec v) noexcept {
    return _mm_slli_si128(v, static_cast<int>(Bytes));
  }
  template <std::size_t Bytes>
  static Vec shift_down(Vec v) noexcept {
    return _mm_srli_si128(v, static_cast<int>(Bytes));
  }
  /// The same as shift_up, but the last bytes of `front` come in.
  template <std::size_t Bytes>
  static Vec shift_in(Vec front, Vec v) noexcept {
    return _mm_alignr_epi8(v, front, static_cast<int>(16 - Bytes));
  }

  /// The lanes of a and b in turn: from their first halves, and from their last ones.
  struct Zipped {
    Vec low;
    Vec high;
  };
  template <std::size_t Lane>
  static Zipped zip(Vec a, Vec b) noexcept {
    if constexpr (Lane == 1) return {_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)};
    if constexpr (Lane == 2) return {_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b)};
    if constexpr (Lane == 4) return {_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b)};
    if constexpr (Lane == 8) return {_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b)};
  }
};

}  // namespace
}  // namespace pixelferry::png

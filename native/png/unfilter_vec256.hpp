// Vectors of 32 bytes with AVX2, for unfilter_wavefront.hpp: two of Vec128, the upper rows in the
// low half.
#pragma once

#include "png/unfilter_vec128.hpp"

namespace pixelferry::png {
namespace {

struct Vec256 {
  using Vec = __m256i;

  static Vec zero() noexcept { return _mm256_setzero_si256(); }
  static Vec ones() noexcept { return _mm256_set1_epi8(1); }
  static Vec load(const Byte* from) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const Vec*>(from));
  }
  static void store(Byte* to, Vec v) noexcept {
    _mm256_storeu_si256(reinterpret_cast<Vec*>(to), v);
  }

  static Vec min(Vec a, Vec b) noexcept { return _mm256_min_epu8(a, b); }
  static Vec max(Vec a, Vec b) noexcept { return _mm256_max_epu8(a, b); }
  static Vec add(Vec a, Vec b) noexcept { return _mm256_add_epi8(a, b); }
  static Vec subtract(Vec a, Vec b) noexcept { return _mm256_sub_epi8(a, b); }
  static Vec average(Vec a, Vec b) noexcept { return _mm256_avg_epu8(a, b); }
  static Vec floor_average(Vec a, Vec b) noexcept {
    return subtract(average(a, b), _mm256_and_si256(_mm256_xor_si256(a, b), ones()));
  }
  static Vec equal(Vec a, Vec b) noexcept { return _mm256_cmpeq_epi8(a, b); }
  static Vec bit_and(Vec a, Vec b) noexcept { return _mm256_and_si256(a, b); }
  static Vec select(Vec mask, Vec yes, Vec no) noexcept {
    return _mm256_blendv_epi8(no, yes, mask);
  }

  template <std::size_t Bpp>
  static __m128i load_top(const Byte* from) noexcept {
    return Vec128::load_top<Bpp>(from);
  }
  template <std::size_t Bpp>
  static __m128i next_top(__m128i top) noexcept {
    return Vec128::next_top<Bpp>(top);
  }
  template <std::size_t Bpp>
  static Vec below(Vec rows, __m128i top) noexcept {
    const Vec above = _mm256_permute2x128_si256(_mm256_castsi128_si256(top), rows, 0x20);
    return _mm256_alignr_epi8(rows, above, static_cast<int>(16 - kLane<Bpp>));
  }

  template <std::size_t Bpp>
  static void load_columns(Vec* columns, Byte* const* rows, std::size_t at) noexcept {
    for (std::size_t k = 0; k < kBlock<Bpp>; ++k) {
      columns[k] = _mm256_setr_m128i(Vec128::load_block<Bpp>(rows[k] + at),
                                     Vec128::load_block<Bpp>(rows[k + kBlock<Bpp>] + at));
    }
    transpose<Bpp>(columns);
  }
  template <std::size_t Bpp>
  static void store_columns(Vec* columns, Byte* const* rows, std::size_t at) noexcept {
    transpose<Bpp>(columns);
    for (std::size_t k = 0; k < kBlock<Bpp>; ++k) {
      Vec128::store_block<Bpp>(rows[k] + at, _mm256_castsi256_si128(columns[k]));
      Vec128::store_block<Bpp>(rows[k + kBlock<Bpp>] + at,
                               _mm256_extracti128_si256(columns[k], 1));
    }
  }

 private:
  template <std::size_t Bpp>
  static void transpose(Vec* v) noexcept {
    if constexpr (kLane<Bpp> == 8) {
      const Vec low = _mm256_unpacklo_epi64(v[0], v[1]);
      v[1] = _mm256_unpackhi_epi64(v[0], v[1]);
      v[0] = low;
    } else {
      const Vec a = _mm256_unpacklo_epi32(v[0], v[1]);
      const Vec b = _mm256_unpackhi_epi32(v[0], v[1]);
      const Vec c = _mm256_unpacklo_epi32(v[2], v[3]);
      const Vec d = _mm256_unpackhi_epi32(v[2], v[3]);
      v[0] = _mm256_unpacklo_epi64(a, c);
      v[1] = _mm256_unpackhi_epi64(a, c);
      v[2] = _mm256_unpacklo_epi64(b, d);
      v[3] = _mm256_unpackhi_epi64(b, d);
    }
  }
};

}  // namespace
}  // namespace pixelferry::png

// Vectors of 32 bytes with AVX2, the same operations as in unfilter_vec128.hpp. Zips work on each
// half alone.
#pragma once

#include "png/unfilter_vec128.hpp"

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

struct Vec256 {
  using Vec = __m256i;
  using Half = Vec128;

  static Vec zero() noexcept { return _mm256_setzero_si256(); }
  static Vec load(const std::uint8_t* from) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const Vec*>(from));
  }
  static void store(std::uint8_t* to, Vec v) noexcept {
    _mm256_storeu_si256(reinterpret_cast<Vec*>(to), v);
  }

  static Vec min(Vec a, Vec b) noexcept { return _mm256_min_epu8(a, b); }
  static Vec max(Vec a, Vec b) noexcept { return _mm256_max_epu8(a, b); }
  static Vec add(Vec a, Vec b) noexcept { return _mm256_add_epi8(a, b); }
  static Vec subtract(Vec a, Vec b) noexcept { return _mm256_sub_epi8(a, b); }
  static Vec equal(Vec a, Vec b) noexcept { return _mm256_cmpeq_epi8(a, b); }
  static Vec bit_and(Vec a, Vec b) noexcept { return _mm256_and_si256(a, b); }
  static Vec average(Vec a, Vec b) noexcept {
    const Vec odd = _mm256_and_si256(_mm256_xor_si256(a, b), _mm256_set1_epi8(1));
    return _mm256_sub_epi8(_mm256_avg_epu8(a, b), odd);
  }
  static Vec select(Vec mask, Vec yes, Vec no) noexcept {
    return _mm256_blendv_epi8(no, yes, mask);
  }

  static Vec join(__m128i low, __m128i high) noexcept { return _mm256_setr_m128i(low, high); }
  static __m128i low(Vec v) noexcept { return _mm256_castsi256_si128(v); }
  static __m128i high(Vec v) noexcept { return _mm256_extracti128_si256(v, 1); }

  template <std::size_t Bytes>
  static Vec shift_in(__m128i front, Vec v) noexcept {
    const Vec before = _mm256_permute2x128_si256(_mm256_castsi128_si256(front), v, 0x20);
    return _mm256_alignr_epi8(v, before, static_cast<int>(16 - Bytes));
  }

  struct Zipped {
    Vec low;
    Vec high;
  };
  template <std::size_t Lane>
  static Zipped zip(Vec a, Vec b) noexcept {
    if constexpr (Lane == 1) return {_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b)};
    if constexpr (Lane == 2) return {_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b)};
    if constexpr (Lane == 4) return {_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b)};
    if constexpr (Lane == 8) return {_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b)};
  }
};

}  // namespace
}  // namespace pixelferry::png

// Vectors of 16 bytes on x86-64, from SSSE3 up, for unfilter_wavefront.hpp and unfilter_row.hpp.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "png/unfilter_lanes.hpp"

namespace pixelferry::png {
namespace {

struct Vec128 {
  using Vec = __m128i;

  static Vec zero() noexcept { return _mm_setzero_si128(); }
  static Vec ones() noexcept { return _mm_set1_epi8(1); }
  static Vec load(const Byte* from) noexcept { return _mm_loadu_si128(as_vec(from)); }
  static void store(Byte* to, Vec v) noexcept { _mm_storeu_si128(reinterpret_cast<Vec*>(to), v); }

  static Vec min(Vec a, Vec b) noexcept { return _mm_min_epu8(a, b); }
  static Vec max(Vec a, Vec b) noexcept { return _mm_max_epu8(a, b); }
  static Vec add(Vec a, Vec b) noexcept { return _mm_add_epi8(a, b); }
  static Vec subtract(Vec a, Vec b) noexcept { return _mm_sub_epi8(a, b); }
  static Vec average(Vec a, Vec b) noexcept { return _mm_avg_epu8(a, b); }  // rounded up
  static Vec floor_average(Vec a, Vec b) noexcept {
    return subtract(average(a, b), _mm_and_si128(_mm_xor_si128(a, b), ones()));
  }
  static Vec equal(Vec a, Vec b) noexcept { return _mm_cmpeq_epi8(a, b); }
  static Vec bit_and(Vec a, Vec b) noexcept { return _mm_and_si128(a, b); }

  /// `yes` where the mask is 0xFF, `no` where it is 0.
  static Vec select(Vec mask, Vec yes, Vec no) noexcept {
#if defined(__SSE4_1__)
    return _mm_blendv_epi8(no, yes, mask);
#else
    return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
#endif
  }

  /// A block of pixels, each in its lane.
  template <std::size_t Bpp>
  static Vec load_block(const Byte* from) noexcept {
    if constexpr (kLane<Bpp> == Bpp) return load(from);
    return _mm_shuffle_epi8(load_packed<Bpp>(from), load(kSpread<Bpp>.bytes));
  }

  /// The same with the first pixel in the last lane.
  template <std::size_t Bpp>
  static Vec load_top(const Byte* from) noexcept {
    return _mm_shuffle_epi8(load_packed<Bpp>(from), load(kSpreadBackwards<Bpp>.bytes));
  }
  template <std::size_t Bpp>
  static Vec next_top(Vec top) noexcept {
    return _mm_slli_si128(top, static_cast<int>(kLane<Bpp>));
  }
  /// Moves each row's pixel to the row below, and the next one of `top` to the first row.
  template <std::size_t Bpp>
  static Vec below(Vec rows, Vec top) noexcept {
    return _mm_alignr_epi8(rows, top, static_cast<int>(16 - kLane<Bpp>));
  }

  template <std::size_t Bpp>
  static void store_block(Byte* to, Vec block) noexcept {
    if constexpr (kLane<Bpp> == Bpp) return store(to, block);
    store_bytes<kBlock<Bpp> * Bpp>(to, _mm_shuffle_epi8(block, load(kGather<Bpp>.bytes)));
  }

  /// The first 4, 8, 12 or 16 bytes.
  template <std::size_t Bytes>
  static void store_bytes(Byte* to, Vec v) noexcept {
    if constexpr (Bytes == 16) store(to, v);
    if constexpr (Bytes == 8 || Bytes == 12) _mm_storeu_si64(to, v);
    if constexpr (Bytes == 4) _mm_storeu_si32(to, v);
    if constexpr (Bytes == 12) _mm_storeu_si32(to + 8, _mm_shuffle_epi32(v, 2));
  }

  /// Towards higher addresses: zeros come in at the front.
  template <std::size_t Bytes>
  static Vec shift_up(Vec v) noexcept {
    return _mm_slli_si128(v, static_cast<int>(Bytes));
  }
  template <std::size_t Bytes>
  static Vec shift_down(Vec v) noexcept {
    return _mm_srli_si128(v, static_cast<int>(Bytes));
  }

  /// Pixel `Index` of pixels side by side, over and over.
  template <std::size_t Bpp, std::size_t Index>
  static Vec repeat_pixel(Vec v) noexcept {
    return _mm_shuffle_epi8(v, load(kRepeat<Bpp, Index>.bytes));
  }

  /// The first lane of each of a block's vectors.
  template <std::size_t Bpp>
  static Vec first_lanes(const Vec* v) noexcept {
    if constexpr (kLane<Bpp> == 8) return _mm_unpacklo_epi64(v[0], v[1]);
    return _mm_unpacklo_epi64(_mm_unpacklo_epi32(v[0], v[1]), _mm_unpacklo_epi32(v[2], v[3]));
  }

  template <std::size_t Bpp>
  static void load_columns(Vec* columns, Byte* const* rows, std::size_t at) noexcept {
    for (std::size_t k = 0; k < kBlock<Bpp>; ++k) columns[k] = load_block<Bpp>(rows[k] + at);
    transpose<Bpp>(columns);
  }
  template <std::size_t Bpp>
  static void store_columns(Vec* columns, Byte* const* rows, std::size_t at) noexcept {
    transpose<Bpp>(columns);
    for (std::size_t k = 0; k < kBlock<Bpp>; ++k) store_block<Bpp>(rows[k] + at, columns[k]);
  }

  template <std::size_t Bpp>
  static void transpose(Vec* v) noexcept {
    if constexpr (kLane<Bpp> == 8) {
      const Vec low = _mm_unpacklo_epi64(v[0], v[1]);
      v[1] = _mm_unpackhi_epi64(v[0], v[1]);
      v[0] = low;
    } else {
      const Vec a = _mm_unpacklo_epi32(v[0], v[1]);
      const Vec b = _mm_unpackhi_epi32(v[0], v[1]);
      const Vec c = _mm_unpacklo_epi32(v[2], v[3]);
      const Vec d = _mm_unpackhi_epi32(v[2], v[3]);
      v[0] = _mm_unpacklo_epi64(a, c);
      v[1] = _mm_unpackhi_epi64(a, c);
      v[2] = _mm_unpacklo_epi64(b, d);
      v[3] = _mm_unpackhi_epi64(b, d);
    }
  }

 private:
  static const Vec* as_vec(const Byte* from) noexcept { return reinterpret_cast<const Vec*>(from); }

  /// A block as it stands in memory; kLoaded<Bpp> bytes are touched.
  template <std::size_t Bpp>
  static Vec load_packed(const Byte* from) noexcept {
    if constexpr (Bpp == 1) return _mm_loadu_si32(from);
    if constexpr (Bpp == 2) return _mm_loadu_si64(from);
    return load(from);
  }
};

}  // namespace
}  // namespace pixelferry::png

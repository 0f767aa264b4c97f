// Blocks of pixels between memory and vectors, for every instruction set: `V` is a type like
// Vec128. Included by the files of one SIMD level only; all of it is local to them.
#pragma once

#include "png/unfilter_lanes.hpp"

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

/// A block as it stands in memory; kLoaded<Bpp> bytes are touched.
template <typename V, std::size_t Bpp>
inline typename V::Vec load_packed(const Byte* from) noexcept {
  if constexpr (kLoaded<Bpp> == 4) return V::load_4(from);
  if constexpr (kLoaded<Bpp> == 8) return V::load_8(from);
  return V::load(from);
}

/// A block of pixels, each in its lane.
template <typename V, std::size_t Bpp>
inline typename V::Vec load_block(const Byte* from) noexcept {
  if constexpr (kLane<Bpp> == Bpp) return V::load(from);
  return V::shuffle(load_packed<V, Bpp>(from), V::load(kSpread<Bpp>.bytes));
}

/// The same with the first pixel in the last lane.
template <typename V, std::size_t Bpp>
inline typename V::Vec load_backwards(const Byte* from) noexcept {
  return V::shuffle(load_packed<V, Bpp>(from), V::load(kSpreadBackwards<Bpp>.bytes));
}

/// The first 4, 8, 12 or 16 bytes.
template <typename V, std::size_t Bytes>
inline void store_bytes(Byte* to, typename V::Vec v) noexcept {
  if constexpr (Bytes == 16) V::store(to, v);
  if constexpr (Bytes == 8 || Bytes == 12) V::store_8(to, v);
  if constexpr (Bytes == 4) V::store_4(to, v);
  if constexpr (Bytes == 12) V::store_4(to + 8, V::template shift_down<8>(v));
}

template <typename V, std::size_t Bpp>
inline void store_block(Byte* to, typename V::Vec block) noexcept {
  if constexpr (kLane<Bpp> == Bpp) return V::store(to, block);
  store_bytes<V, kBlock<Bpp> * Bpp>(to, V::shuffle(block, V::load(kGather<Bpp>.bytes)));
}

/// The first lane of each of a block's vectors.
template <typename V, std::size_t Bpp>
inline typename V::Vec first_lanes(const typename V::Vec* v) noexcept {
  if constexpr (kLane<Bpp> == 8)
    return V::zip_low_64(v[0], v[1]);
  else
    return V::zip_low_64(V::zip_low_32(v[0], v[1]), V::zip_low_32(v[2], v[3]));
}

/// Swaps rows and columns of the lanes of 16 bytes.
template <typename V, std::size_t Bpp>
inline void transpose(typename V::Vec* v) noexcept {
  if constexpr (kLane<Bpp> == 8) {
    const auto low = V::zip_low_64(v[0], v[1]);
    v[1] = V::zip_high_64(v[0], v[1]);
    v[0] = low;
  } else {
    const auto a = V::zip_low_32(v[0], v[1]);
    const auto b = V::zip_high_32(v[0], v[1]);
    const auto c = V::zip_low_32(v[2], v[3]);
    const auto d = V::zip_high_32(v[2], v[3]);
    v[0] = V::zip_low_64(a, c);
    v[1] = V::zip_high_64(a, c);
    v[2] = V::zip_low_64(b, d);
    v[3] = V::zip_high_64(b, d);
  }
}

/// Vectors of 32 bytes hold the upper rows in their low half.
template <typename V>
inline constexpr bool kHasHalves = sizeof(typename V::Vec) == 32;

/// A block of every row, as vectors of one column each.
template <typename V, std::size_t Bpp>
inline void load_columns(typename V::Vec* columns, Byte* const* rows, std::size_t at) noexcept {
  using Half = typename V::Half;
  for (std::size_t k = 0; k < kBlock<Bpp>; ++k) {
    const auto upper = load_block<Half, Bpp>(rows[k] + at);
    if constexpr (kHasHalves<V>) {
      columns[k] = V::join(upper, load_block<Half, Bpp>(rows[k + kBlock<Bpp>] + at));
    } else {
      columns[k] = upper;
    }
  }
  transpose<V, Bpp>(columns);
}

template <typename V, std::size_t Bpp>
inline void store_columns(typename V::Vec* columns, Byte* const* rows, std::size_t at) noexcept {
  using Half = typename V::Half;
  transpose<V, Bpp>(columns);
  for (std::size_t k = 0; k < kBlock<Bpp>; ++k) {
    if constexpr (kHasHalves<V>) {
      store_block<Half, Bpp>(rows[k] + at, V::low(columns[k]));
      store_block<Half, Bpp>(rows[k + kBlock<Bpp>] + at, V::high(columns[k]));
    } else {
      store_block<Half, Bpp>(rows[k] + at, columns[k]);
    }
  }
}

}  // namespace
}  // namespace pixelferry::png

// Blocks of pixels between memory and vectors, for every instruction set: `V` is a type like
// Vec128. Included by the files of one SIMD level only; all of it is local to them.
#pragma once

#include <algorithm>

#include "png/unfilter_lanes.hpp"

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

/// A block as it stands in memory; L::kLoaded bytes are touched.
template <typename V, typename L>
inline typename V::Vec load_packed(const Byte* from) noexcept {
  if constexpr (L::kLoaded == 4) return V::load_4(from);
  if constexpr (L::kLoaded == 8) return V::load_8(from);
  return V::load(from);
}

/// A block of pixels, each in its lane.
template <typename V, typename L>
inline typename V::Vec load_block(const Byte* from) noexcept {
  if constexpr (L::kLane == L::kBpp) return V::load(from);
  return V::shuffle(load_packed<V, L>(from), V::load(kSpread<L>.bytes));
}

/// The same with the first pixel in the last lane.
template <typename V, typename L>
inline typename V::Vec load_backwards(const Byte* from) noexcept {
  return V::shuffle(load_packed<V, L>(from), V::load(kSpreadBackwards<L>.bytes));
}

/// The first 4, 8, 12 or 16 bytes.
template <typename V, std::size_t Bytes>
inline void store_bytes(Byte* to, typename V::Vec v) noexcept {
  if constexpr (Bytes == 16) V::store(to, v);
  if constexpr (Bytes == 8 || Bytes == 12) V::store_8(to, v);
  if constexpr (Bytes == 4) V::store_4(to, v);
  if constexpr (Bytes == 12) V::store_4(to + 8, V::template shift_down<8>(v));
}

template <typename V, typename L>
inline void store_block(Byte* to, typename V::Vec block) noexcept {
  if constexpr (L::kLane == L::kBpp) return V::store(to, block);
  store_bytes<V, L::kPacked>(to, V::shuffle(block, V::load(kGather<L>.bytes)));
}

/// The first lane of each of `Count` vectors, the first one's first: a block.
template <typename V, typename L, std::size_t Count = L::kBlock>
inline typename V::Vec first_lanes(const typename V::Vec* v) noexcept {
  if constexpr (Count == 1) {
    return *v;
  } else {
    typename V::Vec pairs[Count / 2];
    for (std::size_t i = 0; i < Count / 2; ++i) {
      pairs[i] = V::template zip<L::kLane>(v[i], v[i + Count / 2]).low;
    }
    return first_lanes<V, L, Count / 2>(pairs);
  }
}

/// Swaps rows and columns of the lanes of 16 bytes, by zipping the first half of the vectors with
/// the second one until all rows are columns.
template <typename V, typename L>
inline void transpose(typename V::Vec* v) noexcept {
  constexpr std::size_t kHalf = L::kBlock / 2;
  for (std::size_t zipped = 1; zipped < L::kBlock; zipped *= 2) {
    typename V::Vec next[L::kBlock];
    for (std::size_t i = 0; i < kHalf; ++i) {
      const auto [low, high] = V::template zip<L::kLane>(v[i], v[i + kHalf]);
      next[2 * i] = low;
      next[2 * i + 1] = high;
    }
    std::copy_n(next, L::kBlock, v);
  }
}

/// Vectors of 32 bytes hold the upper rows in their low half.
template <typename V>
inline constexpr bool kHasHalves = sizeof(typename V::Vec) == 32;

/// A block of every row, as vectors of one column each.
template <typename V, typename L>
inline void load_columns(typename V::Vec* columns, Byte* const* rows, std::size_t at) noexcept {
  using Half = typename V::Half;
  for (std::size_t k = 0; k < L::kBlock; ++k) {
    const auto upper = load_block<Half, L>(rows[k] + at);
    if constexpr (kHasHalves<V>) {
      columns[k] = V::join(upper, load_block<Half, L>(rows[k + L::kBlock] + at));
    } else {
      columns[k] = upper;
    }
  }
  transpose<V, L>(columns);
}

template <typename V, typename L>
inline void store_columns(typename V::Vec* columns, Byte* const* rows, std::size_t at) noexcept {
  using Half = typename V::Half;
  transpose<V, L>(columns);
  for (std::size_t k = 0; k < L::kBlock; ++k) {
    if constexpr (kHasHalves<V>) {
      store_block<Half, L>(rows[k] + at, V::low(columns[k]));
      store_block<Half, L>(rows[k + L::kBlock] + at, V::high(columns[k]));
    } else {
      store_block<Half, L>(rows[k] + at, columns[k]);
    }
  }
}

}  // namespace
}  // namespace pixelferry::png

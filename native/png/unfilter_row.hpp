// Unfilter kernels for one scanline over vectors of bytes, written once for every instruction set.
// Included by the files of one SIMD level only; all of it is local to them.
#pragma once

#include <cstring>

#include "png/unfilter_blocks.hpp"
#include "png/unfilter_paeth.hpp"

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

template <typename V>
void up(Byte* row, const Byte* prior, std::size_t size) noexcept {
  constexpr std::size_t kBytes = sizeof(typename V::Vec);
  std::size_t at = 0;
  for (; at + kBytes <= size; at += kBytes) {
    V::store(row + at, V::add(V::load(row + at), V::load(prior + at)));
  }
  for (; at < size; ++at) row[at] = static_cast<Byte>(row[at] + prior[at]);
}

/// Sums up the pixels of the first `Bytes` by doubling: after each step twice as many pixels are in
/// the sum.
template <typename V, std::size_t Bytes, std::size_t Shift>
inline typename V::Vec running_sum(typename V::Vec x) noexcept {
  if constexpr (Shift >= Bytes) {
    return x;
  } else {
    return running_sum<V, Bytes, 2 * Shift>(V::add(x, V::template shift_up<Shift>(x)));
  }
}

template <typename V, std::size_t Bpp>
void sub(Byte* row, const Byte* /*prior*/, std::size_t size) noexcept {
  constexpr std::size_t kBytes = 16 % Bpp == 0 ? 16 : 12;
  auto left = V::zero();  // the last pixel, everywhere
  std::size_t at = 0;
  for (; at + 16 <= size; at += kBytes) {
    const auto sum = running_sum<V, kBytes, Bpp>(V::load(row + at));
    store_bytes<V, kBytes>(row + at, V::add(sum, left));
    left = V::add(left, V::shuffle(sum, V::load(kRepeat<Bpp, kBytes / Bpp - 1>.bytes)));
  }
  for (; at < size; ++at) {
    if (at >= Bpp) row[at] = static_cast<Byte>(row[at] + row[at - Bpp]);
  }
}

struct Paeth {
  template <typename V>
  static typename V::Vec step(typename V::Vec x, typename V::Vec left, typename V::Vec above,
                              typename V::Vec above_left) noexcept {
    return plus_paeth<V>(x, left, above, above_left);
  }
};

struct Average {
  template <typename V>
  static typename V::Vec step(typename V::Vec x, typename V::Vec left, typename V::Vec above,
                              typename V::Vec /*above_left*/) noexcept {
    return V::add(x, V::average(left, above));
  }
};

/// The last pixel and the one above it, in the first lane.
template <typename V>
struct Neighbours {
  typename V::Vec left = V::zero();
  typename V::Vec above_left = V::zero();
};

template <typename V, typename L, typename Filter>
inline void decode_block(Byte* row, const Byte* prior, Neighbours<V>& n) noexcept {
  auto x = load_block<V, L>(row);
  auto above = load_block<V, L>(prior);
  typename V::Vec pixels[L::kBlock];
  for (auto& pixel : pixels) {
    pixel = Filter::template step<V>(x, n.left, above, n.above_left);
    n = {pixel, above};
    x = V::template shift_down<L::kLane>(x);
    above = V::template shift_down<L::kLane>(above);
  }
  store_block<V, L>(row, first_lanes<V, L>(pixels));
}

/// One pixel after the other: each waits for the one to the left.
template <typename V, typename L, typename Filter>
void decode_row(Byte* row, const Byte* prior, std::size_t size) noexcept {
  constexpr std::size_t kBytes = L::kPacked;
  Neighbours<V> neighbours;
  std::size_t at = 0;
  for (; at + L::kLoaded <= size; at += kBytes) {
    decode_block<V, L, Filter>(row + at, prior + at, neighbours);
  }
  if (at == size) return;
  // Less than 16 bytes are left; a copy has room for whole blocks.
  Byte rest[32];
  Byte above[32];
  std::memcpy(rest, row + at, size - at);
  std::memcpy(above, prior + at, size - at);
  for (std::size_t i = 0; i < size - at; i += kBytes) {
    decode_block<V, L, Filter>(rest + i, above + i, neighbours);
  }
  std::memcpy(row + at, rest, size - at);
}

}  // namespace
}  // namespace pixelferry::png

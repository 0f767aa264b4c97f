// Unfilter kernels over vectors of bytes, written once for every instruction set. An instruction
// set is a type like Ssse3 in unfilter_ssse3.cpp. Included by such files only; all of it is local
// to them, for each is compiled for its own instructions.
#pragma once

#include <cstring>

#include "png/unfilter.hpp"
#include "png/unfilter_blocks.hpp"
#include "png/unfilter_paeth.hpp"

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

/// What a wavefront hands on from step to step.
template <typename V>
struct Front {
  typename V::Vec out = V::zero();     // the pixels of the step before: left neighbours
  typename V::Vec before = V::zero();  // of the step before that: the pixels above the next ones
  typename V::Vec above = V::zero();   // above the step before
};

/// Which filter each row of a wavefront has, as masks of its lane. Sub is Paeth with zeros above.
template <typename V>
struct Masks {
  typename V::Vec above;    // rows that look up
  typename V::Vec average;  // Average
  typename V::Vec simple;   // None, Up and Average
  bool any_simple;
};

template <typename V, typename L>
inline constexpr std::size_t kRows = sizeof(typename V::Vec) / L::kLane;

/// Pixels by which a row lags behind the one above it. Two, so that the pixel above is ready a
/// whole step before it is needed.
inline constexpr std::size_t kLag = 2;

template <typename V, typename L>
inline Masks<V> masks_of(const Byte* first, std::size_t stride) noexcept {
  constexpr std::size_t kBytes = sizeof(typename V::Vec);
  alignas(kBytes) Byte above[kBytes];
  alignas(kBytes) Byte average[kBytes];
  alignas(kBytes) Byte simple[kBytes];
  bool any_simple = false;
  for (std::size_t k = 0; k < kRows<V, L>; ++k) {
    const auto filter = FilterType{(first + k * stride)[-1]};
    const bool is_average = filter == FilterType::average;
    const bool is_simple = is_average || filter == FilterType::up || filter == FilterType::none;
    const bool looks_up = filter != FilterType::sub && filter != FilterType::none;
    std::memset(above + k * L::kLane, looks_up ? 0xFF : 0, L::kLane);
    std::memset(average + k * L::kLane, is_average ? 0xFF : 0, L::kLane);
    std::memset(simple + k * L::kLane, is_simple ? 0xFF : 0, L::kLane);
    any_simple |= is_simple;
  }
  return {V::load(above), V::load(average), V::load(simple), any_simple};
}

/// Each row's pixel with its own filter undone; `Simple` tells whether masks.any_simple.
template <typename V, bool Simple>
inline typename V::Vec plus_filter(typename V::Vec x, typename V::Vec left, typename V::Vec above,
                                   typename V::Vec above_left, const Masks<V>& masks) noexcept {
  const auto paeth = plus_paeth<V>(x, left, above, above_left);
  if constexpr (!Simple) return paeth;
  const auto simple = V::add(x, V::select(masks.average, V::average(left, above), above));
  return V::select(masks.simple, simple, paeth);
}

/// Decodes the pixels [from, to) counted at the first row, whole blocks, of rows[k][0 …] and the
/// row `prior` above them.
template <typename V, typename L, bool Simple>
inline void advance(Front<V>& front, const Masks<V>& masks, Byte* const* rows, const Byte* prior,
                    std::size_t from, std::size_t to) noexcept {
  using Vec = typename V::Vec;
  Front<V> f = front;
  for (std::size_t at = from * L::kBpp; at < to * L::kBpp; at += L::kPacked) {
    Vec pixels[L::kBlock];
    load_columns<V, L>(pixels, rows, at);
    auto top = load_backwards<typename V::Half, L>(prior + at);  // its next pixel is the last
    for (std::size_t j = 0; j < L::kBlock; ++j) {
      const Vec x = pixels[j];
      const Vec above = V::bit_and(masks.above, V::template shift_in<L::kLane>(top, f.before));
      top = V::Half::template shift_up<L::kLane>(top);
      const Vec out = plus_filter<V, Simple>(x, f.out, above, f.above, masks);
      f.before = f.out;
      f.out = out;
      f.above = above;
      pixels[j] = out;
    }
    store_columns<V, L>(pixels, rows, at);
  }
  front = f;
}

/// Pixels of the head, which starts the rows one after the other.
template <typename V, typename L>
inline constexpr std::size_t kHead =
    (kLag * (kRows<V, L> - 1) + L::kBlock - 1) / L::kBlock * L::kBlock;

template <typename V, typename L>
inline constexpr std::size_t kMinPixels = kHead<V, L> + L::kBehind;

template <typename V, typename L, bool Simple>
inline void decode_wavefront(Byte* first, std::size_t stride, std::size_t size,
                             const Masks<V>& masks) noexcept {
  constexpr std::size_t kR = kRows<V, L>;
  constexpr std::size_t kLagBytes = kLag * L::kBpp;
  const Byte* const prior = first - stride;
  const std::size_t pixels = size / L::kBpp;
  const std::size_t middle_end =
      kHead<V, L> + (pixels - L::kBehind - kHead<V, L>) / L::kBlock * L::kBlock;

  // The corners of the wavefront go through a copy in which each row is shifted by its lag. Zeros
  // left of a row yield zeros, whatever the filter; what is right of a row does not matter.
  constexpr std::size_t kCornerPixels = L::kBehind + L::kBlock - 1 + kLag * (kR - 1) + L::kBlock;
  constexpr std::size_t kCornerBytes = kCornerPixels * L::kBpp + 16;
  Byte corner[kR + 1][kCornerBytes];
  Byte* rows[kR];
  for (std::size_t k = 0; k < kR; ++k) {
    rows[k] = corner[k];
    std::memset(corner[k], 0, k * kLagBytes);
    std::memcpy(corner[k] + k * kLagBytes, first + k * stride,
                kHead<V, L> * L::kBpp - k * kLagBytes);
  }
  Front<V> front;
  advance<V, L, Simple>(front, masks, rows, prior, 0, kHead<V, L>);
  for (std::size_t k = 0; k < kR; ++k) {
    std::memcpy(first + k * stride, corner[k] + k * kLagBytes,
                kHead<V, L> * L::kBpp - k * kLagBytes);
    rows[k] = first + k * (stride - kLagBytes);
  }
  advance<V, L, Simple>(front, masks, rows, prior, kHead<V, L>, middle_end);

  const std::size_t rest = size - middle_end * L::kBpp;
  std::memcpy(corner[kR], prior + middle_end * L::kBpp, rest);
  for (std::size_t k = 0; k < kR; ++k) {
    std::memcpy(corner[k], rows[k] + middle_end * L::kBpp, rest + k * kLagBytes);
  }
  Byte* corner_rows[kR];
  for (std::size_t k = 0; k < kR; ++k) corner_rows[k] = corner[k];
  const std::size_t corner_pixels = pixels - middle_end + kLag * (kR - 1);
  advance<V, L, Simple>(front, masks, corner_rows, corner[kR], 0, corner_pixels);
  for (std::size_t k = 0; k < kR; ++k) {
    std::memcpy(rows[k] + middle_end * L::kBpp, corner[k], rest + k * kLagBytes);
  }
}

template <typename V, typename L>
void wavefront(Byte* first, std::size_t stride, std::size_t size) noexcept {
  const Masks<V> masks = masks_of<V, L>(first, stride);
  if (masks.any_simple) {
    decode_wavefront<V, L, true>(first, stride, size, masks);
  } else {
    decode_wavefront<V, L, false>(first, stride, size, masks);
  }
}

/// The cost was measured on Zen 4: a step takes half as much again with vectors of 32 bytes, and
/// rearranging single bytes some more.
template <typename V, typename L>
constexpr Wavefront wavefront_of() noexcept {
  return {.kernel = wavefront<V, L>,
          .rows = kRows<V, L>,
          .min_size = L::kBpp * kMinPixels<V, L>,
          .cost = (kHasHalves<V> ? 16U : 11U) + (L::kLane == 1 ? 3U : 0U)};
}

/// The one for images whose scanlines are too long to hold many, if its lanes are others.
template <typename V, std::size_t Bpp>
constexpr Wavefront wavefront_of_few() noexcept {
  if (TightLanes<Bpp>::kLane == WideLanes<Bpp>::kLane) return {};
  return wavefront_of<V, WideLanes<Bpp>>();
}

}  // namespace
}  // namespace pixelferry::png

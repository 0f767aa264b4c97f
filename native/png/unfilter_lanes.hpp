// How pixels lie in vectors: each in a lane of its own. Included by the files of one SIMD level
// only; all of it is local to them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

using Byte = std::uint8_t;

/// Pixels of so many bytes in lanes of so many, a power of 2.
template <std::size_t BytesPerPixel, std::size_t BytesPerLane>
struct Lanes {
  static constexpr std::size_t kBpp = BytesPerPixel;
  static constexpr std::size_t kLane = BytesPerLane;
  /// Pixels of a block: those that fill 16 bytes of lanes.
  static constexpr std::size_t kBlock = 16 / kLane;
  /// Bytes of a block in memory.
  static constexpr std::size_t kPacked = kBlock * kBpp;
  /// Bytes that loading a block touches: more than it has where 16 are the fastest to load.
  static constexpr std::size_t kLoaded = std::bit_ceil(kPacked);
  /// Pixels that loading a block touches behind it, at most.
  static constexpr std::size_t kBehind = (kLoaded - kPacked + kBpp - 1) / kBpp;
};

/// As many pixels in a vector as go into it.
template <std::size_t Bpp>
using TightLanes = Lanes<Bpp, std::bit_ceil(Bpp)>;

/// Few and equal lanes for the small pixels.
template <std::size_t Bpp>
using WideLanes = Lanes<Bpp, Bpp <= 4 ? 4 : 8>;

/// Indices for a byte shuffle; 0x80 yields 0.
struct Shuffle {
  alignas(16) Byte bytes[16];
};

/// From pixels side by side to pixels in lanes; `Backwards` puts the first one into the last lane.
template <typename L, bool Backwards>
constexpr Shuffle spread() noexcept {
  Shuffle shuffle{};
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t lane = i / L::kLane;
    const std::size_t pixel = Backwards ? L::kBlock - 1 - lane : lane;
    const std::size_t byte = i % L::kLane;
    shuffle.bytes[i] = static_cast<Byte>(byte < L::kBpp ? pixel * L::kBpp + byte : 0x80);
  }
  return shuffle;
}

/// From pixels in lanes to pixels side by side, then zeros.
template <typename L>
constexpr Shuffle gather() noexcept {
  Shuffle shuffle{};
  for (std::size_t i = 0; i < 16; ++i) {
    const bool inside = i < L::kPacked;
    shuffle.bytes[i] = static_cast<Byte>(inside ? i / L::kBpp * L::kLane + i % L::kBpp : 0x80);
  }
  return shuffle;
}

/// Pixel `index` of pixels side by side, over and over.
constexpr Shuffle repeat(std::size_t bpp, std::size_t index) noexcept {
  Shuffle shuffle{};
  for (std::size_t i = 0; i < 16; ++i) shuffle.bytes[i] = static_cast<Byte>(index * bpp + i % bpp);
  return shuffle;
}

template <typename L>
inline constexpr Shuffle kSpread = spread<L, false>();
template <typename L>
inline constexpr Shuffle kSpreadBackwards = spread<L, true>();
template <typename L>
inline constexpr Shuffle kGather = gather<L>();
template <std::size_t Bpp, std::size_t Index>
inline constexpr Shuffle kRepeat = repeat(Bpp, Index);

}  // namespace
}  // namespace pixelferry::png

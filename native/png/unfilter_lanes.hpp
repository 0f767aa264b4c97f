// How pixels lie in vectors: each in a lane of 4 or 8 bytes. Included by the files of one SIMD
// level only; all of it is local to them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

using Byte = std::uint8_t;

/// Bytes of a lane, which holds one pixel.
template <std::size_t Bpp>
inline constexpr std::size_t kLane = Bpp <= 4 ? 4 : 8;

/// Pixels of a block: those that fill 16 bytes of lanes.
template <std::size_t Bpp>
inline constexpr std::size_t kBlock = 16 / kLane<Bpp>;

/// Bytes that loading a block touches: more than it has where 16 are the fastest to load.
template <std::size_t Bpp>
inline constexpr std::size_t kLoaded = Bpp <= 2 ? kBlock<Bpp> * Bpp : 16;

/// Pixels that loading a block touches behind it, at most.
template <std::size_t Bpp>
inline constexpr std::size_t kBehind = (kLoaded<Bpp> - kBlock<Bpp> * Bpp + Bpp - 1) / Bpp;

/// Indices for a byte shuffle; 0x80 yields 0.
struct Shuffle {
  alignas(16) Byte bytes[16];
};

/// From pixels side by side to pixels in lanes; `Backwards` puts the first one into the last lane.
template <std::size_t Bpp, bool Backwards>
constexpr Shuffle spread() noexcept {
  Shuffle shuffle{};
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t lane = i / kLane<Bpp>;
    const std::size_t pixel = Backwards ? kBlock<Bpp> - 1 - lane : lane;
    const std::size_t byte = i % kLane<Bpp>;
    shuffle.bytes[i] = static_cast<Byte>(byte < Bpp ? pixel * Bpp + byte : 0x80);
  }
  return shuffle;
}

/// From pixels in lanes to pixels side by side, then zeros.
template <std::size_t Bpp>
constexpr Shuffle gather() noexcept {
  Shuffle shuffle{};
  for (std::size_t i = 0; i < 16; ++i) {
    const bool inside = i < kBlock<Bpp> * Bpp;
    shuffle.bytes[i] = static_cast<Byte>(inside ? i / Bpp * kLane<Bpp> + i % Bpp : 0x80);
  }
  return shuffle;
}

/// Pixel `index` of pixels side by side, over and over.
constexpr Shuffle repeat(std::size_t bpp, std::size_t index) noexcept {
  Shuffle shuffle{};
  for (std::size_t i = 0; i < 16; ++i) shuffle.bytes[i] = static_cast<Byte>(index * bpp + i % bpp);
  return shuffle;
}

template <std::size_t Bpp>
inline constexpr Shuffle kSpread = spread<Bpp, false>();
template <std::size_t Bpp>
inline constexpr Shuffle kSpreadBackwards = spread<Bpp, true>();
template <std::size_t Bpp>
inline constexpr Shuffle kGather = gather<Bpp>();
template <std::size_t Bpp, std::size_t Index>
inline constexpr Shuffle kRepeat = repeat(Bpp, Index);

}  // namespace
}  // namespace pixelferry::png

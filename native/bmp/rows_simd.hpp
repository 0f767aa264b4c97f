// Row kernels over registers, written once for every SIMD level. Included by the files of one level
// only; all of it is local to them.
//
// `Simd` brings the registers:
//   kBytes, Bytes       their size, a power of 4 and so 1 more than a multiple of 3; their type
//   load, store         all bytes; store_first<N>: the first N, 8 at least, and no other
//   pick(v, at)         v[at[i]] for every i; pick(v, w, at): of v and w, one behind the other
//   first_bytes<Step>   of kBytes pixels of Step bytes the first byte each
//   indices<Bits>       kBytes indices of Bits bits each
//   Palette<Bits>       look_up<Channel>(indices), for Bits up to kMostBits
//   merge(a, b, c)      a[0], b[1], c[2], a[3], …
//   kLower              the kernels of the level below, for rows too short and for ends of rows
#pragma once

#include <cstddef>
#include <cstdint>

#include "bmp/rows.hpp"

namespace pixelferry::bmp {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

using Byte = std::uint8_t;

/// Positions of bytes in a register or two.
template <typename Simd>
struct Positions {
  alignas(64) Byte at[Simd::kBytes];
};

template <typename Simd, typename At>
consteval Positions<Simd> positions(At at) {
  Positions<Simd> result{};
  for (std::size_t i = 0; i < Simd::kBytes; ++i) result.at[i] = static_cast<Byte>(at(i));
  return result;
}

constexpr std::size_t larger(std::size_t a, std::size_t b) { return a > b ? a : b; }
constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Gray, the first of the `Step` bytes of a pixel, three times.
template <typename Simd, png::ColorType Type, std::uint8_t Depth>
void from_gray(Byte* to, const Byte* from, std::size_t pixels, const ColorTable& colors) noexcept {
  constexpr std::size_t kStep = (Type == png::ColorType::gray ? 1 : 2) * Depth / 8;
  constexpr std::size_t kBytes = Simd::kBytes;
  if (pixels < kBytes) return Simd::kLower(Type, Depth)(to, from, pixels, colors);

  static constexpr auto kThrice0 = positions<Simd>([](auto i) { return i / 3; });
  static constexpr auto kThrice1 = positions<Simd>([](auto i) { return (kBytes + i) / 3; });
  static constexpr auto kThrice2 = positions<Simd>([](auto i) { return (2 * kBytes + i) / 3; });
  const auto thrice0 = Simd::load(kThrice0.at);
  const auto thrice1 = Simd::load(kThrice1.at);
  const auto thrice2 = Simd::load(kThrice2.at);
  const auto block = [=](std::size_t x) {
    const auto grays = Simd::template first_bytes<kStep>(from + kStep * x);
    Simd::store(to + 3 * x, Simd::pick(grays, thrice0));
    Simd::store(to + 3 * x + kBytes, Simd::pick(grays, thrice1));
    Simd::store(to + 3 * x + 2 * kBytes, Simd::pick(grays, thrice2));
  };
  std::size_t x = 0;
  for (; x + kBytes <= pixels; x += kBytes) block(x);
  if (x < pixels) block(pixels - kBytes);
}

/// Where the first `count` bytes of B, G, R come from: samples of `sample` bytes in pixels of
/// `step`, which begin at `offset`.
template <typename Simd>
consteval Positions<Simd> swapped(std::size_t step, std::size_t sample, std::size_t count,
                                  std::size_t offset) {
  return positions<Simd>(
      [=](std::size_t i) { return i < count ? offset + i / 3 * step + (2 - i % 3) * sample : 0; });
}

/// Red, green and blue, the first byte of each. A step makes as many pixels as fit into a register
/// and stores all of it; the next step corrects what is too much.
template <typename Simd, png::ColorType Type, std::uint8_t Depth>
void from_rgb(Byte* to, const Byte* from, std::size_t pixels, const ColorTable& colors) noexcept {
  constexpr std::size_t kBytes = Simd::kBytes;
  constexpr std::size_t kSample = Depth / 8;
  constexpr std::size_t kStep = (Type == png::ColorType::rgb ? 3 : 4) * kSample;
  constexpr std::size_t kLoads = kSample;  // two registers where samples are wide
  constexpr std::size_t kPixels = smaller(kBytes / 3, kLoads * kBytes / kStep);
  constexpr std::size_t kBeyond = kLoads * kBytes - kPixels * kStep;  // bytes loaded in vain
  constexpr std::size_t kReach = larger(kBytes / 3 + 1, kPixels + (kBeyond + kStep - 1) / kStep);
  static_assert(kReach <= 2 * kPixels + 1, "two last steps suffice");
  if (pixels < kReach) return Simd::kLower(Type, Depth)(to, from, pixels, colors);

  static constexpr auto kSwapped = swapped<Simd>(kStep, kSample, 3 * kPixels, 0);
  static constexpr auto kSwappedLast = swapped<Simd>(kStep, kSample, 3 * kPixels, kBeyond);
  const auto convert = [](const Byte* at, auto swap) {
    if constexpr (kLoads == 1) return Simd::pick(Simd::load(at), swap);
    return Simd::pick(Simd::load(at), Simd::load(at + kBytes), swap);
  };
  const auto step = [=, swap = Simd::load(kSwapped.at)](std::size_t x) {
    Simd::store(to + 3 * x, convert(from + kStep * x, swap));
  };
  // Touches nothing behind its pixels, but input before them.
  const auto last_step = [=, swap = Simd::load(kSwappedLast.at)](std::size_t x) {
    const auto pixels_of_step = convert(from + kStep * x - kBeyond, swap);
    Simd::template store_first<3 * kPixels>(to + 3 * x, pixels_of_step);
  };
  std::size_t x = 0;
  for (; x + 3 * kPixels + kReach <= pixels; x += 4 * kPixels) {  // a third less time than singly
    step(x);
    step(x + kPixels);
    step(x + 2 * kPixels);
    step(x + 3 * kPixels);
  }
  for (; x + kReach <= pixels; x += kPixels) step(x);
  if (x + kPixels < pixels) last_step(x);
  if (x < pixels) last_step(pixels - kPixels);
}

/// Byte i of three registers of pixels is of channel i, i + 1 and i + 2 (modulo 3). So for each
/// channel there is one order of pixels that puts all of its bytes where they belong.
template <typename Simd>
consteval Positions<Simd> order_for(std::size_t channel) {
  return positions<Simd>(
      [=](std::size_t i) { return ((3 + channel - i % 3) % 3 * Simd::kBytes + i) / 3; });
}

/// The colors of indices.
template <typename Simd, std::uint8_t Bits>
void from_index(Byte* to, const Byte* from, std::size_t pixels, const ColorTable& colors) noexcept {
  constexpr std::size_t kBytes = Simd::kBytes;
  constexpr std::size_t kPerByte = 8 / Bits;
  const auto lower = [&](std::size_t x) {
    Simd::kLower(png::ColorType::palette, Bits)(to + 3 * x, from + x / kPerByte, pixels - x,
                                                colors);
  };
  if (pixels < kBytes) return lower(0);

  static constexpr auto kBlues = order_for<Simd>(0);
  static constexpr auto kGreens = order_for<Simd>(1);
  static constexpr auto kReds = order_for<Simd>(2);
  const auto blues = Simd::load(kBlues.at);
  const auto greens = Simd::load(kGreens.at);
  const auto reds = Simd::load(kReds.at);
  const typename Simd::template Palette<Bits> palette{colors};
  const auto block = [&](std::size_t x) {
    const auto indices = Simd::template indices<Bits>(from + x / kPerByte);
    const auto blue = palette.template look_up<0>(Simd::pick(indices, blues));
    const auto green = palette.template look_up<1>(Simd::pick(indices, greens));
    const auto red = palette.template look_up<2>(Simd::pick(indices, reds));
    Simd::store(to + 3 * x, Simd::merge(blue, green, red));
    Simd::store(to + 3 * x + kBytes, Simd::merge(green, red, blue));
    Simd::store(to + 3 * x + 2 * kBytes, Simd::merge(red, blue, green));
  };
  std::size_t x = 0;
  for (; x + kBytes <= pixels; x += kBytes) block(x);
  if (x == pixels) return;
  x = (pixels - kBytes) / kPerByte * kPerByte;  // blocks begin with a byte
  block(x);
  x += kBytes;
  if (x < pixels) lower(x);
}

template <typename Simd>
RowKernel index_kernel(std::uint8_t bit_depth) noexcept {
  switch (bit_depth) {
    case 1:
      return from_index<Simd, 1>;
    case 2:
      return from_index<Simd, 2>;
    case 4:
      return from_index<Simd, 4>;
    default:
      if constexpr (Simd::kMostBits == 8) return from_index<Simd, 8>;
      return Simd::kLower(png::ColorType::palette, bit_depth);
  }
}

template <typename Simd>
RowKernel row_kernel(png::ColorType type, std::uint8_t bit_depth) noexcept {
  using png::ColorType;
  const bool wide = bit_depth == 16;
  switch (type) {
    case ColorType::gray:
      if (bit_depth < 8) return index_kernel<Simd>(bit_depth);
      return wide ? from_gray<Simd, ColorType::gray, 16> : from_gray<Simd, ColorType::gray, 8>;
    case ColorType::gray_alpha:
      return wide ? from_gray<Simd, ColorType::gray_alpha, 16>
                  : from_gray<Simd, ColorType::gray_alpha, 8>;
    case ColorType::rgb:
      return wide ? from_rgb<Simd, ColorType::rgb, 16> : from_rgb<Simd, ColorType::rgb, 8>;
    case ColorType::rgba:
      return wide ? from_rgb<Simd, ColorType::rgba, 16> : from_rgb<Simd, ColorType::rgba, 8>;
    case ColorType::palette:
      break;
  }
  return index_kernel<Simd>(bit_depth);
}

}  // namespace
}  // namespace pixelferry::bmp

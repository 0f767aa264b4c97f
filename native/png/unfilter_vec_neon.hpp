// Vectors of 16 bytes on arm64, the same operations as in unfilter_vec128.hpp.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

struct VecNeon {
  using Vec = uint8x16_t;
  using Half = VecNeon;

  static Vec zero() noexcept { return vdupq_n_u8(0); }
  static Vec load(const std::uint8_t* from) noexcept { return vld1q_u8(from); }
  static Vec load_8(const std::uint8_t* from) noexcept {
    return vcombine_u8(vld1_u8(from), vdup_n_u8(0));
  }
  static Vec load_4(const std::uint8_t* from) noexcept {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, from, sizeof bytes);
    return vreinterpretq_u8_u32(vsetq_lane_u32(bytes, vdupq_n_u32(0), 0));
  }
  static void store(std::uint8_t* to, Vec v) noexcept { vst1q_u8(to, v); }
  static void store_8(std::uint8_t* to, Vec v) noexcept { vst1_u8(to, vget_low_u8(v)); }
  static void store_4(std::uint8_t* to, Vec v) noexcept {
    const std::uint32_t bytes = vgetq_lane_u32(vreinterpretq_u32_u8(v), 0);
    std::memcpy(to, &bytes, sizeof bytes);
  }

  static Vec min(Vec a, Vec b) noexcept { return vminq_u8(a, b); }
  static Vec max(Vec a, Vec b) noexcept { return vmaxq_u8(a, b); }
  static Vec add(Vec a, Vec b) noexcept { return vaddq_u8(a, b); }
  static Vec subtract(Vec a, Vec b) noexcept { return vsubq_u8(a, b); }
  static Vec equal(Vec a, Vec b) noexcept { return vceqq_u8(a, b); }
  static Vec bit_and(Vec a, Vec b) noexcept { return vandq_u8(a, b); }
  static Vec average(Vec a, Vec b) noexcept { return vhaddq_u8(a, b); }
  static Vec select(Vec mask, Vec yes, Vec no) noexcept { return vbslq_u8(mask, yes, no); }
  static Vec shuffle(Vec v, Vec indices) noexcept { return vqtbl1q_u8(v, indices); }

  template <std::size_t Bytes>
  static Vec shift_up(Vec v) noexcept {
    return vextq_u8(zero(), v, 16 - Bytes);
  }
  template <std::size_t Bytes>
  static Vec shift_down(Vec v) noexcept {
    return vextq_u8(v, zero(), Bytes);
  }
  template <std::size_t Bytes>
  static Vec shift_in(Vec front, Vec v) noexcept {
    return vextq_u8(front, v, 16 - Bytes);
  }

  struct Zipped {
    Vec low;
    Vec high;
  };
  template <std::size_t Lane>
  static Zipped zip(Vec a, Vec b) noexcept {
    if constexpr (Lane == 1) return {vzip1q_u8(a, b), vzip2q_u8(a, b)};
    if constexpr (Lane == 2) {
      const uint16x8x2_t zipped = vzipq_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b));
      return {vreinterpretq_u8_u16(zipped.val[0]), vreinterpretq_u8_u16(zipped.val[1])};
    }
    if constexpr (Lane == 4) {
      const uint32x4x2_t zipped = vzipq_u32(vreinterpretq_u32_u8(a), vreinterpretq_u32_u8(b));
      return {vreinterpretq_u8_u32(zipped.val[0]), vreinterpretq_u8_u32(zipped.val[1])};
    }
    if constexpr (Lane == 8) {
      return {vcombine_u8(vget_low_u8(a), vget_low_u8(b)),
              vcombine_u8(vget_high_u8(a), vget_high_u8(b))};
    }
  }
};

}  // namespace
}  // namespace pixelferry::png

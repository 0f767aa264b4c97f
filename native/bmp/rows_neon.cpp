#include "bmp/rows_neon.hpp"

#include <arm_neon.h>

#include "bmp/rows_simd16.hpp"

namespace pixelferry::bmp {
namespace {

struct Neon : Simd16<Neon> {
  using Bytes = uint8x16_t;

  static Bytes load(const Byte* from) noexcept { return vld1q_u8(from); }
  static void store(Byte* to, Bytes v) noexcept { vst1q_u8(to, v); }
  /// As two halves that overlap.
  template <int Count>
  static void store_first(Byte* to, Bytes v) noexcept {
    vst1_u8(to, vget_low_u8(v));
    vst1_u8(to + Count - 8, vget_low_u8(vextq_u8(v, v, Count - 8)));
  }

  static Bytes pick(Bytes v, Bytes at) noexcept { return vqtbl1q_u8(v, at); }
  static Bytes pick(Bytes v, Bytes w, Bytes at) noexcept {
    return vqtbl2q_u8(uint8x16x2_t{{v, w}}, at);
  }

  template <std::size_t Step>
  static Bytes first_bytes(const Byte* from) noexcept {
    if constexpr (Step == 1) {
      return load(from);
    } else if constexpr (Step == 2) {
      return vld2q_u8(from).val[0];
    } else {
      return vld4q_u8(from).val[0];
    }
  }

  static Bytes widened(std::uint64_t bytes) noexcept {
    return vcombine_u8(vcreate_u8(bytes), vdup_n_u8(0));
  }
  template <int Bits>
  static Bytes split(Bytes v) noexcept {
    const Bytes mask = vdupq_n_u8((1 << Bits) - 1);
    return vzip1q_u8(vandq_u8(vshrq_n_u8(v, Bits), mask), vandq_u8(v, mask));
  }

  static Bytes select(Bytes mask, Bytes yes, Bytes no) noexcept { return vbslq_u8(mask, yes, no); }
};

}  // namespace

RowKernel bgr_row_kernel_neon(png::ColorType type, std::uint8_t bit_depth) noexcept {
  return row_kernel<Neon>(type, bit_depth);
}

void scatter_neon(std::uint8_t* to, const std::uint8_t* from, std::size_t pixels,
                  std::size_t step) noexcept {
  scatter<Neon>(to, from, pixels, step);
}

}  // namespace pixelferry::bmp

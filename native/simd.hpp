// Which instructions the fast kernels use: one choice for all of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <span>
#include <string_view>

namespace pixelferry {

/// Each level on x86-64 includes those before it. `avx512` means F, BW, DQ, VL and VBMI, which came
/// together with Ice Lake and Zen 4. arm64 has scalar and neon only.
enum class SimdLevel : std::uint8_t { scalar, neon, ssse3, sse41, avx2, avx512 };

[[nodiscard]] std::string_view name_of(SimdLevel level) noexcept;

/// The highest level that this CPU and its operating system run.
[[nodiscard]] SimdLevel best_simd_level() noexcept;

/// That one and all below it, best first, scalar last.
[[nodiscard]] std::span<const SimdLevel> usable_simd_levels() noexcept;

/// The level that conversions use: the best one, unless it was lowered. Any thread.
[[nodiscard]] SimdLevel simd_level() noexcept;

/// Makes conversions that begin later use `level`, or the best one if this CPU has less. For tests
/// and benchmarks: each level gives the same bytes. Any thread.
void set_simd_level(SimdLevel level) noexcept;

/// Of `variants`, which stand fastest first and scalar last, the first one that may be used.
template <std::ranges::forward_range Variants>
[[nodiscard]] const auto& usable(const Variants& variants) noexcept {
  const SimdLevel level = simd_level();
  return *std::ranges::find_if(variants, [=](const auto& v) { return v.level <= level; });
}

}  // namespace pixelferry

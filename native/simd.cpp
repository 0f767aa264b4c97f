#include "simd.hpp"

#include <array>
#include <atomic>

namespace pixelferry {
namespace {

SimdLevel detect() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vbmi")) {
    return SimdLevel::avx512;
  }
  if (__builtin_cpu_supports("avx2")) return SimdLevel::avx2;
  if (__builtin_cpu_supports("sse4.1")) return SimdLevel::sse41;
  if (__builtin_cpu_supports("ssse3")) return SimdLevel::ssse3;
  return SimdLevel::scalar;
#elif defined(__aarch64__)
  return SimdLevel::neon;  // part of every arm64
#else
  return SimdLevel::scalar;
#endif
}

#if defined(__x86_64__)
constexpr std::array kLevels{SimdLevel::avx512, SimdLevel::avx2, SimdLevel::sse41, SimdLevel::ssse3,
                             SimdLevel::scalar};
#elif defined(__aarch64__)
constexpr std::array kLevels{SimdLevel::neon, SimdLevel::scalar};
#else
constexpr std::array kLevels{SimdLevel::scalar};
#endif

std::atomic<SimdLevel>& level_in_use() noexcept {
  static std::atomic<SimdLevel> level{best_simd_level()};
  return level;
}

}  // namespace

std::string_view name_of(SimdLevel level) noexcept {
  switch (level) {
    case SimdLevel::scalar:
      return "scalar";
    case SimdLevel::neon:
      return "neon";
    case SimdLevel::ssse3:
      return "ssse3";
    case SimdLevel::sse41:
      return "sse4.1";
    case SimdLevel::avx2:
      return "avx2";
    case SimdLevel::avx512:
      return "avx512";
  }
  return "unknown";
}

SimdLevel best_simd_level() noexcept {
  static const SimdLevel best = detect();
  return best;
}

std::span<const SimdLevel> usable_simd_levels() noexcept {
  const auto* const best = std::ranges::find(kLevels, best_simd_level());
  return {best, kLevels.end()};
}

SimdLevel simd_level() noexcept { return level_in_use().load(std::memory_order_relaxed); }

void set_simd_level(SimdLevel level) noexcept {
  level_in_use().store(std::min(level, best_simd_level()), std::memory_order_relaxed);
}

}  // namespace pixelferry

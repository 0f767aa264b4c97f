// The SIMD levels that can be had here, for tests that go through all of them.
#pragma once

#include <vector>

#include "simd.hpp"

namespace pixelferry::test {

/// Scalar first, the best one last.
[[nodiscard]] inline std::vector<SimdLevel> simd_levels() {
  using enum SimdLevel;
#if defined(__aarch64__)
  return {scalar, neon};
#else
  std::vector<SimdLevel> levels{scalar};
  for (const SimdLevel level : {ssse3, sse41, avx2, avx512}) {
    if (level <= best_simd_level()) levels.push_back(level);
  }
  return levels;
#endif
}

/// Lowers the level for its own lifetime.
class SimdLevelGuard {
 public:
  explicit SimdLevelGuard(SimdLevel level) noexcept { set_simd_level(level); }
  ~SimdLevelGuard() { set_simd_level(best_simd_level()); }
  SimdLevelGuard(const SimdLevelGuard&) = delete;
  SimdLevelGuard& operator=(const SimdLevelGuard&) = delete;
};

}  // namespace pixelferry::test

// A conversion gives the same file at every SIMD level that this CPU has, for every format and way
// of interlacing: which machine it runs on cannot be told from the result.
#include "support/simd_levels.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "simd.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

void check_all_levels(const png::Header& header, Random& random) {
  const Bytes png = random_png(header, Filters::mixed, random);
  const SimdLevelGuard scalar{SimdLevel::scalar};
  const Outcome expected = outcome(png, 0x5A);
  REQUIRE_FALSE(expected.fault);
  for (const SimdLevel level : usable_simd_levels()) {
    const SimdLevelGuard lowered{level};
    REQUIRE(simd_level() == level);
    CAPTURE(name_of(level));
    CAPTURE(static_cast<int>(header.color_type));
    CAPTURE(static_cast<int>(header.bit_depth));
    CAPTURE(header.interlaced);
    CAPTURE(header.width);
    REQUIRE(outcome(png).bmp == expected.bmp);
  }
}

// scripts/test-cpus sets the variable.
TEST_CASE("the best level is the one that the CPU is known for") {
  const char* const known = std::getenv("PIXELFERRY_TEST_SIMD_LEVEL");
  if (known != nullptr) CHECK(name_of(best_simd_level()) == known);
}

TEST_CASE("every format gives the same file at every level") {
  Random random;
  for (png::Header header : all_formats()) {
    for (const bool interlaced : {false, true}) {
      for (const std::size_t most : {20U, 70U, 300U}) {
        header.interlaced = interlaced;
        header.width = static_cast<std::uint32_t>(1 + random.below(most));
        header.height = static_cast<std::uint32_t>(1 + random.below(most));
        check_all_levels(header, random);
      }
    }
  }
}

TEST_CASE("a level above what the CPU has is lowered to its best") {
  const SimdLevelGuard guard{SimdLevel::avx512};
  CHECK(simd_level() == best_simd_level());
  CHECK(usable_simd_levels().front() == best_simd_level());
  CHECK(usable_simd_levels().back() == SimdLevel::scalar);
}

}  // namespace
}  // namespace pixelferry::test

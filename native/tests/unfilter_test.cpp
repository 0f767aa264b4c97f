// Every variant of every unfilter kernel does what the specification's formulas say, at every width
// up to 200 pixels, and touches nothing beyond its rows.
#include "png/unfilter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "support/guarded.hpp"
#include "support/random.hpp"

namespace pixelferry::test {
namespace {

int paeth_predictor(int a, int b, int c) {
  const int p = a + b - c;
  const int pa = std::abs(p - a);
  const int pb = std::abs(p - b);
  const int pc = std::abs(p - c);
  if (pa <= pb && pa <= pc) return a;
  if (pb <= pc) return b;
  return c;
}

/// Recon(x) of PNG specification 9.2, byte by byte.
Bytes reconstructed(png::FilterType type, const Bytes& row, const Bytes& prior, std::size_t bpp) {
  Bytes result = row;
  for (std::size_t x = 0; x < row.size(); ++x) {
    const int a = x < bpp ? 0 : result[x - bpp];
    const int b = prior[x];
    const int c = x < bpp ? 0 : prior[x - bpp];
    int add = 0;
    switch (type) {
      case png::FilterType::none:
        break;
      case png::FilterType::sub:
        add = a;
        break;
      case png::FilterType::up:
        add = b;
        break;
      case png::FilterType::average:
        add = (a + b) / 2;
        break;
      case png::FilterType::paeth:
        add = paeth_predictor(a, b, c);
        break;
    }
    result[x] = static_cast<std::uint8_t>(row[x] + add);
  }
  return result;
}

void check_row(const png::UnfilterVariant& variant, std::size_t bpp, std::size_t pixels, bool top,
               Guarded::At at, Random& random) {
  const Bytes row = random.bytes(bpp * pixels);
  const Bytes prior = top ? Bytes(row.size(), 0) : random.bytes(row.size());
  for (unsigned type = 0; type <= png::kMaxFilterType; ++type) {
    const png::FilterType filter{static_cast<std::uint8_t>(type)};
    const Guarded work{row, at};
    const Guarded above{top ? std::span<const std::uint8_t>{} : prior, at};
    png::unfilter(variant.kernels(bpp), filter, work.bytes(), above.bytes());
    CAPTURE(name_of(variant.level));
    CAPTURE(bpp);
    CAPTURE(pixels);
    CAPTURE(type);
    REQUIRE(std::ranges::equal(work.bytes(), reconstructed(filter, row, prior, bpp)));
    REQUIRE(std::ranges::equal(above.bytes(), top ? Bytes{} : prior));
  }
}

TEST_CASE("every variant equals the formulas") {
  Random random;
  for (const png::UnfilterVariant& variant : png::unfilter_variants()) {
    if (variant.level > best_simd_level()) continue;
    for (const std::size_t bpp : {1U, 2U, 3U, 4U, 6U, 8U}) {
      for (std::size_t pixels = 1; pixels <= 200; ++pixels) {
        check_row(variant, bpp, pixels, false, Guarded::At::end, random);
        check_row(variant, bpp, pixels, true, Guarded::At::begin, random);
      }
    }
  }
}

TEST_CASE("the scalar variant is the last one and runs everywhere") {
  REQUIRE_FALSE(png::unfilter_variants().empty());
  CHECK(png::unfilter_variants().back().level == SimdLevel::scalar);
}

}  // namespace
}  // namespace pixelferry::test

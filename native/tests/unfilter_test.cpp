// Every variant of every unfilter kernel, alone and in wavefronts, does what the specification's
// formulas say, at every width up to 200 pixels, and touches nothing beyond its scanlines.
#include "png/unfilter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

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

/// Scanlines as a decoder holds them: the first one is unfiltered, or zeros.
struct Picture {
  Bytes lines;
  std::size_t stride;
  Bytes expected;
};

enum class Top : std::uint8_t { zeros, random };

Picture picture(std::size_t bpp, std::size_t pixels, const std::vector<png::FilterType>& filters,
                Top top, Random& random) {
  const std::size_t stride = 1 + bpp * pixels;
  Bytes prior = top == Top::zeros ? Bytes(stride - 1, 0) : random.bytes(stride - 1);
  Picture result{.lines = {random.byte()}, .stride = stride, .expected = {}};
  result.lines.insert(result.lines.end(), prior.begin(), prior.end());
  result.expected = result.lines;
  for (const png::FilterType filter : filters) {
    const Bytes row = random.bytes(stride - 1);
    prior = reconstructed(filter, row, prior, bpp);
    for (Bytes* const bytes : {&result.lines, &result.expected}) {
      bytes->push_back(static_cast<std::uint8_t>(filter));
    }
    result.lines.insert(result.lines.end(), row.begin(), row.end());
    result.expected.insert(result.expected.end(), prior.begin(), prior.end());
  }
  return result;
}

void check(const png::UnfilterVariant& variant, std::size_t bpp, const Picture& picture,
           Guarded::At at) {
  const Guarded work{picture.lines, at};
  const png::Scanlines lines{work.bytes(), picture.stride};
  const std::size_t done = png::unfilter(variant.kernels(bpp), lines, 0);
  CAPTURE(name_of(variant.level));
  CAPTURE(bpp);
  CAPTURE(picture.stride);
  REQUIRE(done == lines.count());
  REQUIRE(std::ranges::equal(work.bytes(), picture.expected));
}

std::vector<png::FilterType> random_filters(std::size_t rows, Random& random) {
  std::vector<png::FilterType> filters(rows);
  // Some pictures have all filters, some few: runs are what wavefronts are made for.
  const std::size_t kinds = 1 + random.below(5);
  const std::size_t first = random.below(5);
  std::ranges::generate(filters, [&] {
    return png::FilterType{static_cast<std::uint8_t>((first + random.below(kinds)) % 5)};
  });
  return filters;
}

constexpr std::array<std::size_t, 6> kBytesPerPixel{1, 2, 3, 4, 6, 8};

/// Calls check(variant, bytes per pixel, width) for all variants that run here.
template <typename Check>
void for_each_width(const Check& check) {
  for (const png::UnfilterVariant& variant : png::unfilter_variants()) {
    if (variant.level > best_simd_level()) continue;
    for (const std::size_t bpp : kBytesPerPixel) {
      for (std::size_t pixels = 1; pixels <= 200; ++pixels) check(variant, bpp, pixels);
    }
  }
}

TEST_CASE("every filter alone equals the formulas, at every width") {
  Random random;
  for_each_width([&](const png::UnfilterVariant& variant, std::size_t bpp, std::size_t pixels) {
    for (unsigned type = 0; type <= png::kMaxFilterType; ++type) {
      const png::FilterType filter{static_cast<std::uint8_t>(type)};
      for (const Top top : {Top::zeros, Top::random}) {
        const Picture one = picture(bpp, pixels, {filter}, top, random);
        check(variant, bpp, one, Guarded::At::begin);
        check(variant, bpp, one, Guarded::At::end);
      }
    }
  });
}

TEST_CASE("every mix of filters equals the formulas, at every width") {
  Random random;
  for_each_width([&](const png::UnfilterVariant& variant, std::size_t bpp, std::size_t pixels) {
    const std::vector<png::FilterType> filters = random_filters(1 + random.below(40), random);
    const Picture mixed = picture(bpp, pixels, filters, Top::random, random);
    check(variant, bpp, mixed, random.below(2) == 0 ? Guarded::At::begin : Guarded::At::end);
  });
}

TEST_CASE("every pair and each filter after eight of another equals the formulas") {
  Random random;
  for (const png::UnfilterVariant& variant : png::unfilter_variants()) {
    if (variant.level > best_simd_level()) continue;
    for (const std::size_t bpp : kBytesPerPixel) {
      for (unsigned pair = 0; pair < 25; ++pair) {
        const png::FilterType one{static_cast<std::uint8_t>(pair / 5)};
        const png::FilterType other{static_cast<std::uint8_t>(pair % 5)};
        std::vector<png::FilterType> filters;
        for (int i = 0; i < 8; ++i) filters.insert(filters.end(), {one, other});
        filters.insert(filters.end(), 8, one);
        filters.insert(filters.end(), 8, other);
        check(variant, bpp, picture(bpp, 77, filters, Top::zeros, random), Guarded::At::end);
      }
    }
  }
}

TEST_CASE("extreme neighbours: all rows of 0, 1, 127, 128, 254 and 255") {
  Random random;
  constexpr std::array<std::uint8_t, 6> kExtremes{0, 1, 127, 128, 254, 255};
  for (const png::UnfilterVariant& variant : png::unfilter_variants()) {
    if (variant.level > best_simd_level()) continue;
    for (const std::size_t bpp : kBytesPerPixel) {
      Picture extreme =
          picture(bpp, 1'000, std::vector(16, png::FilterType::paeth), Top::zeros, random);
      const std::size_t rows = extreme.lines.size() / extreme.stride;
      Bytes prior(extreme.stride - 1, 0);
      extreme.expected.resize(extreme.stride);
      for (std::size_t i = 1; i < rows; ++i) {
        const auto row = extreme.lines.begin() + static_cast<std::ptrdiff_t>(i * extreme.stride);
        std::generate(row + 1, row + static_cast<std::ptrdiff_t>(extreme.stride),
                      [&] { return kExtremes.at(random.below(kExtremes.size())); });
        const Bytes filtered(row + 1, row + static_cast<std::ptrdiff_t>(extreme.stride));
        prior = reconstructed(png::FilterType::paeth, filtered, prior, bpp);
        extreme.expected.push_back(*row);
        extreme.expected.insert(extreme.expected.end(), prior.begin(), prior.end());
      }
      check(variant, bpp, extreme, Guarded::At::begin);
    }
  }
}

TEST_CASE("the predictor equals the formula for all neighbours") {
  // 2^24 triples (a, b, c): the row above is c, b repeated, so that a follows from what is added.
  for (const png::UnfilterVariant& variant : png::unfilter_variants()) {
    if (variant.level > best_simd_level()) continue;
    const png::UnfilterKernel paeth = variant.kernels(3).paeth;
    std::size_t wrong = 0;
    for (int c = 0; c < 256; ++c) {
      for (int b = 0; b < 256; ++b) {
        constexpr std::size_t kPixels = 172;  // three values of a in each second pixel
        Bytes prior(3 * kPixels);
        Bytes row(3 * kPixels);
        Bytes expected(3 * kPixels);
        for (std::size_t i = 0; i < row.size(); ++i) {
          const bool left = i / 3 % 2 == 0;
          const int a = static_cast<int>(i / 6 * 3 + i % 3) & 0xFF;
          prior[i] = static_cast<std::uint8_t>(left ? c : b);
          // The left pixel becomes a: its own neighbours are known. The right one becomes the
          // prediction, for 0 is added.
          const int before = left && i >= 3 ? expected[i - 3] : 0;
          const int before_above = left && i >= 3 ? prior[i - 3] : 0;
          row[i] =
              static_cast<std::uint8_t>(left ? a - paeth_predictor(before, c, before_above) : 0);
          expected[i] = static_cast<std::uint8_t>(left ? a : paeth_predictor(a, b, c));
        }
        paeth(row.data(), prior.data(), row.size());
        wrong += row != expected;
      }
    }
    CAPTURE(name_of(variant.level));
    CHECK(wrong == 0);
  }
}

TEST_CASE("if more scanlines follow, few are left for a wavefront, and the others are right") {
  Random random;
  for_each_width([&](const png::UnfilterVariant& variant, std::size_t bpp, std::size_t pixels) {
    const png::UnfilterKernels& kernels = variant.kernels(bpp);
    const std::vector<png::FilterType> filters = random_filters(1 + random.below(40), random);
    const Picture mixed = picture(bpp, pixels, filters, Top::random, random);
    Bytes work = mixed.lines;
    const png::Scanlines lines{work, mixed.stride};
    const std::size_t room = lines.count() + (random.once_in(2) ? 0 : random.below(20));
    const std::size_t done = png::unfilter(kernels, lines, room);
    // Those that are left and the one above them leave room for more, so that there is an end.
    REQUIRE(lines.count() - done < std::max<std::size_t>(1, kernels.wavefronts.front().rows));
    REQUIRE(lines.count() - done + 1 < room);
    const auto split = static_cast<std::ptrdiff_t>(done * mixed.stride);
    REQUIRE(std::equal(work.begin(), work.begin() + split, mixed.expected.begin()));
    REQUIRE(std::equal(work.begin() + split, work.end(), mixed.lines.begin() + split));
  });
}

TEST_CASE("scanlines too few for a wavefront wait for those to come, if there is room for both") {
  Random random;
  for (const png::UnfilterVariant& variant : png::unfilter_variants()) {
    if (variant.level > best_simd_level()) continue;
    for (const std::size_t bpp : kBytesPerPixel) {
      const png::UnfilterKernels& kernels = variant.kernels(bpp);
      const std::size_t rows = kernels.wavefronts.front().rows;
      const std::vector filters(rows + rows / 2, png::FilterType::paeth);
      const Picture paeth = picture(bpp, 200, filters, Top::zeros, random);
      Bytes work = paeth.lines;
      const png::Scanlines lines{work, paeth.stride};
      CAPTURE(name_of(variant.level));
      CAPTURE(bpp);
      CHECK(png::unfilter(kernels, lines, lines.count()) == 1 + rows);
    }
  }
}

TEST_CASE("the scalar variant is the last one and runs everywhere") {
  REQUIRE_FALSE(png::unfilter_variants().empty());
  CHECK(png::unfilter_variants().back().level == SimdLevel::scalar);
}

}  // namespace
}  // namespace pixelferry::test

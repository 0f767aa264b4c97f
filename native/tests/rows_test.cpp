// Every variant of every row kernel turns packed samples into B, G, R as the conversion rules say,
// at every width up to 200 pixels, and touches nothing beyond its rows.
#include "bmp/rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "support/guarded.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

/// Sample `index` of a scanline at its full depth.
unsigned sample(std::span<const std::uint8_t> row, std::size_t index, unsigned depth) {
  if (depth == 16) return row[2 * index] * 256U + row[2 * index + 1];
  const std::size_t bit = index * depth;
  return row[bit / 8] >> (8 - depth - bit % 8) & ((1U << depth) - 1);
}

std::uint8_t to_8_bits(unsigned value, unsigned depth) {
  if (depth == 16) return static_cast<std::uint8_t>(value >> 8);
  return static_cast<std::uint8_t>(value * 255 / ((1U << depth) - 1));
}

Bytes expected_row(const png::Header& format, std::span<const std::uint8_t> row, std::size_t pixels,
                   const bmp::ColorTable& palette) {
  const unsigned depth = format.bit_depth;
  const std::size_t channels = format.bits_per_pixel() / depth;
  const bool color = channels >= 3;
  Bytes result;
  for (std::size_t x = 0; x < pixels; ++x) {
    if (format.color_type == png::ColorType::palette) {
      const bmp::Bgr entry = palette.colors[sample(row, x, depth)];
      result.insert(result.end(), {entry.blue, entry.green, entry.red});
      continue;
    }
    for (const std::size_t channel : {2U, 1U, 0U}) {
      const std::size_t index = x * channels + (color ? channel : 0);
      result.push_back(to_8_bits(sample(row, index, depth), depth));
    }
  }
  return result;
}

bmp::ColorTable random_colors(Random& random) {
  std::array<png::Rgb, 256> palette;
  for (png::Rgb& color : palette) color = {random.byte(), random.byte(), random.byte()};
  return bmp::color_table(palette);
}

/// A row of random samples, once against each forbidden page.
void check_row(const bmp::RowVariant& variant, const png::Header& format, std::uint32_t pixels,
               const bmp::ColorTable& colors, Random& random) {
  const bmp::RowKernel kernel = variant.kernel(format.color_type, format.bit_depth);
  const Bytes row = random.bytes(static_cast<std::size_t>(format.row_bytes(pixels)));
  const Bytes expected = expected_row(format, row, pixels, colors);
  for (const Guarded::At at : {Guarded::At::begin, Guarded::At::end}) {
    const Guarded from{row, at};
    const Guarded to{std::size_t{3} * pixels, at};
    kernel(to.bytes().data(), from.bytes().data(), pixels, colors);
    CAPTURE(name_of(variant.level));
    CAPTURE(static_cast<int>(format.color_type));
    CAPTURE(static_cast<int>(format.bit_depth));
    CAPTURE(pixels);
    REQUIRE(std::ranges::equal(to.bytes(), expected));
  }
}

TEST_CASE("every variant equals the rules, between guard pages") {
  Random random;
  for (const bmp::RowVariant& variant : bmp::bgr_row_variants()) {
    if (variant.level > best_simd_level()) continue;
    for (const png::Header& format : all_formats()) {
      const bool indexed = format.color_type == png::ColorType::palette;
      const bmp::ColorTable colors =
          indexed ? random_colors(random)
                  : bmp::gray_table(std::min<std::uint8_t>(format.bit_depth, 4));
      for (std::uint32_t pixels = 1; pixels <= 200; ++pixels) {
        check_row(variant, format, pixels, colors, random);
      }
      for (int i = 0; i < 5; ++i) {
        const auto pixels = static_cast<std::uint32_t>(1 + random.below(5000));
        check_row(variant, format, pixels, colors, random);
      }
    }
  }
}

/// Pixels scattered over memory that ends with the last one, once against each forbidden page.
void check_scatter(const bmp::RowVariant& variant, std::size_t pixels, std::size_t step,
                   Random& random) {
  const Bytes content = random.bytes(3 * pixels);
  const Bytes before = random.bytes(3 * (step * (pixels - 1) + 1));
  Bytes expected = before;
  for (std::size_t i = 0; i < content.size(); ++i) {
    expected[i / 3 * 3 * step + i % 3] = content[i];
  }
  for (const Guarded::At at : {Guarded::At::begin, Guarded::At::end}) {
    const Guarded from{content, at};
    const Guarded to{before, at};
    variant.scatter(to.bytes().data(), from.bytes().data(), pixels, step);
    CAPTURE(name_of(variant.level));
    CAPTURE(step);
    CAPTURE(pixels);
    REQUIRE(std::ranges::equal(to.bytes(), expected));
  }
}

TEST_CASE("scattered pixels leave all between them as it was, between guard pages") {
  Random random;
  for (const bmp::RowVariant& variant : bmp::bgr_row_variants()) {
    if (variant.level > best_simd_level()) continue;
    for (const std::size_t step : {2U, 4U, 8U}) {
      for (std::size_t pixels = 1; pixels <= 200; ++pixels) {
        check_scatter(variant, pixels, step, random);
      }
    }
  }
}

TEST_CASE("grays of 1, 2 and 4 bits span black to white evenly; other entries are black") {
  CHECK(bmp::gray_table(1).colors[1].green == 255);
  CHECK(bmp::gray_table(2).colors[1].red == 85);
  CHECK(bmp::gray_table(2).colors[3].red == 255);
  CHECK(bmp::gray_table(4).colors[7].blue == 119);
  CHECK(bmp::gray_table(4).colors[15].blue == 255);
  CHECK(bmp::gray_table(4).colors[16].blue == 0);
}

TEST_CASE("the scalar variant is the last one and runs everywhere") {
  REQUIRE_FALSE(bmp::bgr_row_variants().empty());
  CHECK(bmp::bgr_row_variants().back().level == SimdLevel::scalar);
}

}  // namespace
}  // namespace pixelferry::test

// The two entry points: an owned block, or the caller's memory of any size that suffices.
#include "convert.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

Bytes some_png() {
  Random random;
  return random_png({37, 23, png::ColorType::rgb, 8, false}, Filters::mixed, random);
}

TEST_CASE("convert hands out a block that is exactly the file, and gives it back in the end") {
  const Bytes png = some_png();
  memory::Pool pool{1 << 20};
  {
    const Converted converted = convert(png, Limits{}, nullptr, pool);
    CHECK(std::ranges::equal(converted.block.bytes(), reference(png).bmp));
    CHECK(converted.layout.width == 37);
    CHECK(converted.layout.height == 23);
    CHECK(converted.layout.depth == 24);
    CHECK(converted.layout.stride == 112);
    CHECK(converted.layout.file_size == inspect(png).output_size);
    CHECK(pool.stats().used_blocks == 1);
  }
  CHECK(pool.stats().used_blocks == 0);
  CHECK(pool.stats().idle_blocks == 1);
}

TEST_CASE("a reused block shows nothing of the picture before") {
  Random random;
  memory::Pool pool{1 << 20};
  static_cast<void>(convert(some_png(), Limits{}, nullptr, pool));
  for (const bool interlaced : {false, true}) {
    const png::Header header{35, 23, png::ColorType::gray, 1, interlaced};
    const Bytes other = random_png(header, Filters::mixed, random);
    const Converted converted = convert(other, Limits{}, nullptr, pool);
    CHECK(std::ranges::equal(converted.block.bytes(), reference(other).bmp));
  }
  CHECK(pool.stats().reused == 2);
}

TEST_CASE("convert_into needs exactly output_size bytes and writes no more") {
  const Bytes png = some_png();
  const Bytes expected = reference(png).bmp;
  Bytes exact(expected.size());
  CHECK(convert_into(png, exact, Limits{}, nullptr) == expected.size());
  CHECK(exact == expected);

  Bytes larger(expected.size() + 100, 0xA5);
  CHECK(convert_into(png, larger, Limits{}, nullptr) == expected.size());
  CHECK(std::ranges::equal(std::span{larger}.first(expected.size()), expected));
  CHECK(std::ranges::count(std::span{larger}.last(100), 0xA5) == 100);

  Bytes smaller(expected.size() - 1, 0xA5);
  try {
    convert_into(png, smaller, Limits{}, nullptr);
    FAIL("it was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::output_too_small);
    CHECK(error.allowed() == smaller.size());
    CHECK(error.asked() == expected.size());
  }
  CHECK(std::ranges::count(smaller, 0xA5) == static_cast<std::ptrdiff_t>(smaller.size()));
}

TEST_CASE("conversions on several threads, of several formats, do not meet") {
  Random random;
  std::vector<Bytes> pictures;
  for (png::Header header : all_formats()) {
    header.width = 61;
    header.height = 45;
    header.interlaced = random.below(2) == 0;
    pictures.push_back(random_png(header, Filters::mixed, random));
  }
  memory::Pool pool{1 << 20};
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (const Bytes& png : pictures) {
        const Converted converted = convert(png, Limits{}, nullptr, pool);
        if (std::ranges::equal(converted.block.bytes(), reference(png).bmp)) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 4 * static_cast<int>(pictures.size()));
}

TEST_CASE("a fault in one picture does not disturb the next on the same thread") {
  const Bytes good = some_png();
  const Bytes expected = reference(good).bmp;
  for (std::size_t cut = 60; cut < 200; cut += 7) {
    Bytes bad = good;
    bad[cut] ^= 0x10;
    static_cast<void>(outcome(bad));
    REQUIRE(outcome(good).bmp == expected);
  }
}

}  // namespace
}  // namespace pixelferry::test

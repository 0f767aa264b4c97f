// A conversion reads nothing beside its input and writes nothing beside its output: both lie
// between pages that nobody may touch.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/guarded.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

void check_between_guards(const Bytes& png) {
  const Bytes expected = reference(png).bmp;
  for (const Guarded::At at : {Guarded::At::begin, Guarded::At::end}) {
    const Guarded in{png, at};
    const Guarded out{expected.size(), at};
    REQUIRE(convert_into(in.bytes(), out.bytes(), Limits{}, nullptr) == expected.size());
    REQUIRE(std::ranges::equal(out.bytes(), expected));
  }
}

TEST_CASE("every format, filter mix and width between guard pages") {
  Random random;
  for (png::Header header : all_formats()) {
    for (std::uint32_t width = 1; width <= 40; ++width) {
      header.width = width;
      header.height = static_cast<std::uint32_t>(1 + random.below(5));
      header.interlaced = random.below(2) == 0;
      check_between_guards(random_png(header, Filters::mixed, random));
    }
  }
}

TEST_CASE("larger pictures need nothing behind IEND either") {
  Random random;
  const png::Header header{200, 200, png::ColorType::rgb, 8, false};
  for (int round = 0; round < 20; ++round) {
    check_between_guards(random_png(header, Filters::mixed, random));
  }
}

}  // namespace
}  // namespace pixelferry::test

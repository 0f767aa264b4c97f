// Byte rotation adds modulo 256, for every value and any length, and undoes itself.
#include "rotate.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/guarded.hpp"
#include "support/random.hpp"

namespace pixelferry::test {
namespace {

Bytes plus(Bytes bytes, unsigned by) {
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(byte + by);
  return bytes;
}

TEST_CASE("thirteen turns ABC into NOP, and back into 456 on the other side") {
  Bytes bytes{'A', 'B', 'C'};
  Bytes inverse(3);
  rotate_split(bytes, inverse, 13);
  CHECK(bytes == Bytes{'N', 'O', 'P'});
  CHECK(inverse == Bytes{'4', '5', '6'});
}

TEST_CASE("every amount at every length up to 100, between guard pages") {
  Random random;
  for (unsigned by = 0; by < 256; ++by) {
    const auto amount = static_cast<std::uint8_t>(by);
    const Bytes bytes = random.bytes(random.below(101));
    const Guarded work{bytes, Guarded::At::end};
    rotate_in_place(work.bytes(), amount);
    REQUIRE(std::ranges::equal(work.bytes(), plus(bytes, by)));

    const Guarded split{bytes, Guarded::At::begin};
    const Guarded inverse{bytes.size(), Guarded::At::end};
    rotate_split(split.bytes(), inverse.bytes(), amount);
    REQUIRE(std::ranges::equal(split.bytes(), plus(bytes, by)));
    REQUIRE(std::ranges::equal(inverse.bytes(), plus(bytes, 256 - by)));

    rotate_in_place(split.bytes(), static_cast<std::uint8_t>(256 - by));
    REQUIRE(std::ranges::equal(split.bytes(), bytes));
  }
}

}  // namespace
}  // namespace pixelferry::test

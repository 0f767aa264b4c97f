// Deflate data that no compressor writes, with codes of every shape, matches and empty blocks, and
// with gaps and faults: the inflaters agree with zlib and with a plain reading of RFC 1951.
#include <doctest/doctest.h>

#include "support/deflate_writer.hpp"
#include "support/inflate_agreement.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

Bytes random_data(Random& random) {
  Bytes data = random.bytes(random.below(2'000));
  const std::size_t alphabet = 1 + random.below(256);
  for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(byte % alphabet);
  return data;
}

TEST_CASE("what is written is what zlib reads") {
  Random random;
  for (int round = 0; round < 200; ++round) {
    const Bytes data = random_data(random);
    const Bytes stream = zlib_wrapped(random_deflate(data, Codes::complete, random), data);
    REQUIRE(inflated_by_zlib(stream, data.size() + 1) == data);
  }
}

TEST_CASE("odd blocks and codes are inflated and judged as by zlib") {
  Random random;
  for (int round = 0; round < 150; ++round) {
    for (const Codes codes : {Codes::complete, Codes::gaps, Codes::wrong}) {
      const Bytes data = random_data(random);
      const Bytes stream = zlib_wrapped(random_deflate(data, codes, random), data);
      CAPTURE(round);
      REQUIRE(inflate_disagreement(stream) == "");
    }
  }
}

}  // namespace
}  // namespace pixelferry::test

// A file cut off at any byte is refused and nothing is read beyond the cut.
#include <doctest/doctest.h>

#include "support/guarded.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

void check_every_cut(const Bytes& file) {
  REQUIRE_FALSE(outcome(file).fault);
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    const Guarded cut{std::span{file}.first(size), Guarded::At::end};
    const Outcome found = outcome(cut.bytes());
    REQUIRE(found.fault);
    const ErrorCode code = found.fault->code;
    REQUIRE((code == ErrorCode::not_a_png || code == ErrorCode::truncated ||
             code == ErrorCode::missing_iend));
    REQUIRE(found.fault->offset <= size);
  }
}

TEST_CASE("a picture with every kind of chunk, cut at every length") {
  Random random;
  const png::Header header{13, 11, png::ColorType::palette, 4, true};
  const Bytes stream = zlib_stream(filtered_scanlines(header, Filters::mixed, false, random));
  const Bytes density = joined({big_endian(1), big_endian(2), Bytes{1}});
  check_every_cut(png_file(header, joined({chunk("gAMA", Bytes(4, 1)), chunk("PLTE", Bytes(48, 5)),
                                           chunk("tRNS", Bytes(16, 5)), chunk("pHYs", density),
                                           idats(stream, 20), chunk("tEXt", Bytes(30, 'a'))})));
}

TEST_CASE("small random pictures of every format, cut at every length") {
  Random random;
  for (png::Header header : all_formats()) {
    header.width = static_cast<std::uint32_t>(1 + random.below(8));
    header.height = static_cast<std::uint32_t>(1 + random.below(8));
    header.interlaced = random.below(2) == 0;
    check_every_cut(random_png(header, Filters::mixed, random));
  }
}

}  // namespace
}  // namespace pixelferry::test

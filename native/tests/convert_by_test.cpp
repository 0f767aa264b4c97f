// Conversion by a decoder from outside, lodepng before all: the same limits, files and ownership,
// whatever that decoder does.
#include "convert_by.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <new>
#include <optional>
#include <string>

#include "errors.hpp"
#include "lodepng_decoder.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

constexpr png::Header kHeader{5, 3, png::ColorType::rgb, 8, false};

Bytes some_png() {
  Random random;
  return random_png(kHeader, Filters::mixed, random);
}

// What the decoders below were called with; they are functions and can hold nothing.
int calls = 0;
const std::uint8_t* seen = nullptr;
CancelFlag* to_set = nullptr;

RgbPicture decode_black(std::span<const std::uint8_t> png) {
  ++calls;
  seen = png.data();
  if (to_set != nullptr) to_set->set();
  const png::Header header = png::read_header(png);
  return {.rgb = Bytes(std::size_t{3} * header.width * header.height),
          .width = header.width,
          .height = header.height,
          .resolution = {}};
}

RgbDecoder decoder(RgbPicture (*decode)(std::span<const std::uint8_t>)) {
  calls = 0;
  seen = nullptr;
  to_set = nullptr;
  return {.decode = decode, .refused = ErrorCode::refused_by_lodepng};
}

/// The error of a conversion both ways; no block stays in use.
std::optional<Error> error_of(const RgbDecoder& decoder, const Bytes& png, const Limits& limits,
                              const CancelFlag* cancel) {
  memory::Pool pool{0};
  std::optional<Error> found;
  try {
    static_cast<void>(convert_by(decoder, png, limits, cancel, pool));
  } catch (const Error& error) {
    found = error;
  }
  CHECK(pool.stats().used_blocks == 0);
  Bytes out(1000);
  try {
    static_cast<void>(convert_into_by(decoder, png, out, limits, cancel, pool));
    CHECK_FALSE(found);
  } catch (const Error& error) {
    REQUIRE(found);
    CHECK(found->code() == error.code());
  }
  CHECK(pool.stats().used_blocks == 0);
  return found;
}

TEST_CASE("lodepng's pictures of every format are written as the reference has them") {
  Random random;
  memory::Pool pool{0};
  for (png::Header header : all_formats()) {
    for (const bool interlaced : {false, true}) {
      for (std::uint32_t width = 1; width <= 9; ++width) {
        header.interlaced = interlaced;
        header.width = width;
        header.height = static_cast<std::uint32_t>(1 + random.below(9));
        const Bytes png = random_png(header, Filters::mixed, random);
        const Bytes expected = reference(png).bmp;
        const ConvertedBy by = convert_by(lodepng_decoder(), png, Limits{}, nullptr, pool);
        CHECK(std::ranges::equal(by.converted.block.bytes(), expected));
        CHECK(by.copies.passes == 1);
        CHECK(by.copies.bytes == png.size());
        Bytes out(expected.size(), 0xA5);
        CHECK(convert_into_by(lodepng_decoder(), png, out, Limits{}, nullptr, pool) == out.size());
        CHECK(out == expected);
      }
    }
  }
}

TEST_CASE("the resolution is that of pHYs in metres, as in the direct conversion") {
  const Bytes pixels = idat(zlib_stream(Bytes(std::size_t{3} * (1 + 15))));
  const auto file = [&](std::uint32_t x, std::uint32_t y, std::uint8_t unit) {
    return png_file(
        kHeader, joined({chunk("pHYs", joined({big_endian(x), big_endian(y), {unit}})), pixels}));
  };
  memory::Pool pool{0};
  for (const Bytes& png : {file(2835, 5669, 1), file(3, 2, 0), file(0x7FFF'FFFF, 1, 1),
                           file(0x8000'0000, 1, 1), file(1, 0xFFFF'FFFF, 1)}) {
    const Converted direct = convert(png, Limits{}, nullptr, pool);
    const ConvertedBy by = convert_by(lodepng_decoder(), png, Limits{}, nullptr, pool);
    CHECK(std::ranges::equal(by.converted.block.bytes(), direct.block.bytes()));
  }
}

TEST_CASE("what lodepng refuses is refused in its words") {
  Bytes png = some_png();
  png.resize(png.size() - 12);  // IEND
  const std::optional<Error> error = error_of(lodepng_decoder(), png, Limits{}, nullptr);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::refused_by_lodepng);
  CHECK(std::string{error->reason()}.find("chunk") != std::string::npos);
}

TEST_CASE("a file that is hopeless by its header never reaches the decoder") {
  const RgbDecoder black = decoder(decode_black);
  const std::optional<Error> limit = error_of(black, some_png(), {.max_pixels = 14}, nullptr);
  REQUIRE(limit);
  CHECK(limit->code() == ErrorCode::too_many_pixels);
  const std::optional<Error> no_png = error_of(black, Bytes(100), Limits{}, nullptr);
  REQUIRE(no_png);
  CHECK(no_png->code() == ErrorCode::not_a_png);
  CHECK(calls == 0);
}

TEST_CASE("output that is too small is told before the decoder works") {
  const RgbDecoder black = decoder(decode_black);
  memory::Pool pool{0};
  Bytes out(54 + 3 * 16 - 1);
  CHECK_THROWS_AS(
      static_cast<void>(convert_into_by(black, some_png(), out, Limits{}, nullptr, pool)), Error);
  CHECK(calls == 0);
}

TEST_CASE("the decoder sees a copy, which nobody can rewrite") {
  const RgbDecoder black = decoder(decode_black);
  const Bytes png = some_png();
  CHECK_FALSE(error_of(black, png, Limits{}, nullptr));
  CHECK(calls == 2);
  CHECK(seen != nullptr);
  CHECK(seen != png.data());
}

TEST_CASE("a flag is seen before the decoder works and after") {
  const RgbDecoder black = decoder(decode_black);
  CancelFlag flag;
  to_set = &flag;
  const std::optional<Error> after = error_of(black, some_png(), Limits{}, &flag);
  REQUIRE(after);
  CHECK(after->code() == ErrorCode::cancelled);
  CHECK(calls == 1);  // the second conversion saw it before
}

TEST_CASE("a decoder without memory is out of memory") {
  const RgbDecoder poor =
      decoder([](std::span<const std::uint8_t>) -> RgbPicture { throw std::bad_alloc{}; });
  const std::optional<Error> error = error_of(poor, some_png(), Limits{}, nullptr);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::out_of_memory);
}

TEST_CASE("a picture that is not of IHDR's size is refused") {
  const auto wrong = [](std::uint32_t width, std::uint32_t height, std::size_t size) {
    return RgbPicture{.rgb = Bytes(size), .width = width, .height = height, .resolution = {}};
  };
  static RgbPicture picture;
  const RgbDecoder other = decoder([](std::span<const std::uint8_t>) { return picture; });
  for (RgbPicture given : {wrong(3, 5, 45), wrong(5, 3, 44), wrong(5, 4, 60), wrong(0, 0, 0)}) {
    picture = std::move(given);
    const std::optional<Error> error = error_of(other, some_png(), Limits{}, nullptr);
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::refused_by_lodepng);
  }
}

}  // namespace
}  // namespace pixelferry::test

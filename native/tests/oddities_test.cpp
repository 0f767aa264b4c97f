// Files that look strange and are accepted as lodepng accepts them; and the two respects in which
// this decoder differs from it on purpose.
#include <doctest/doctest.h>

#include <string_view>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

using enum png::ColorType;

constexpr png::Header kGray{2, 2, gray, 8, false};
constexpr png::Header kRgb{1, 1, rgb, 8, false};
constexpr png::Header kIndexed{2, 2, palette, 8, false};
Bytes indices() { return {0, 0, 1, 0, 2, 255}; }

Bytes image() { return idat(zlib_stream(indices())); }
Bytes rgb_image() { return idat(zlib_stream(Bytes{0, 1, 2, 3})); }
Bytes plte(std::size_t bytes, std::uint8_t first) {
  Bytes entries(bytes);
  for (std::uint8_t& byte : entries) byte = first++;
  return chunk("PLTE", entries);
}
Bytes trns(std::size_t bytes) { return chunk("tRNS", Bytes(bytes, 0x80)); }

Bytes pieces_with(const Bytes& between) {
  const Bytes stream = zlib_stream(indices());
  const std::span<const std::uint8_t> all{stream};
  return joined(
      {idat(all.first(3)), between, idat(all.subspan(3, 1)), between, idat(all.subspan(4))});
}

TEST_CASE("oddities that lodepng accepts give the same picture") {
  const struct {
    std::string_view name;
    Bytes file;
  } rows[] = {
      {"PLTE behind IDAT", png_file(kIndexed, joined({image(), plte(9, 50)}))},
      {"a second PLTE replaces the first",
       png_file(kIndexed, joined({plte(768, 1), plte(3, 50), image()}))},
      {"PLTE of 5 bytes has one entry", png_file(kIndexed, joined({plte(5, 50), image()}))},
      {"an index beyond PLTE is black", png_file(kIndexed, joined({plte(3, 50), image()}))},
      {"PLTE in a gray picture", png_file(kGray, joined({plte(3, 50), image()}))},
      {"PLTE in an RGB picture", png_file(kRgb, joined({plte(768, 0), rgb_image()}))},
      {"an empty tRNS before PLTE", png_file(kIndexed, joined({trns(0), plte(9, 50), image()}))},
      {"tRNS for every entry", png_file(kIndexed, joined({plte(9, 50), trns(3), image()}))},
      {"tRNS behind IDAT", png_file(kGray, joined({image(), trns(2)}))},
      {"tRNS twice", png_file(kRgb, joined({trns(6), trns(6), rgb_image()}))},
      {"IDATs with a chunk between", png_file(kGray, pieces_with(chunk("abCd", Bytes(7, 1))))},
      {"empty IDATs", png_file(kGray, joined({idat({}), pieces_with(idat({})), idat({})}))},
      {"IEND with data", joined({signature(), ihdr(kGray), image(), chunk("IEND", Bytes(20, 1))})},
      {"junk behind IEND", joined({png_file(kGray, image()), Bytes(1000, 0xFF)})},
      {"half a chunk behind IEND", joined({png_file(kGray, image()), Bytes{0, 0}})},
      {"CINFO smaller than the distances", png_file({200, 2, gray, 8, false}, idat([] {
                                                      Bytes stream = zlib_stream(Bytes(402, 0));
                                                      stream[0] = 0x08;  // a window of 256 bytes
                                                      stream[1] = 0x1D;
                                                      return stream;
                                                    }()))},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const Reference expected = reference(row.file);
    REQUIRE(expected.lodepng_error == 0);
    const Outcome found = outcome(row.file);
    CHECK_FALSE(found.fault);
    CHECK(found.bmp == expected.bmp);
  }
}

TEST_CASE("ancillary chunks with a right CRC are skipped, whatever they hold") {
  const Bytes plain = outcome(png_file(kGray, image())).bmp;
  for (const char* const type :
       {"gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD", "tIME", "zTXt", "tEXt", "iTXt", "eXIf",
        "hIST", "sPLT", "abCd", " 1\x01\xFF"}) {  // newer lodepng refuses what is no letters
    for (const std::size_t size : {0U, 1U, 3U, 500U}) {
      CAPTURE(type);
      CAPTURE(size);
      const Outcome found =
          outcome(png_file(kGray, joined({chunk(type, Bytes(size, 0xC7)), image()})));
      CHECK_FALSE(found.fault);
      CHECK(found.bmp == plain);
    }
  }
}

TEST_CASE("Adler-32 is read right behind the deflate data, not at the end of IDAT") {
  const Bytes stream = zlib_stream(indices());
  Bytes with_gap = stream;
  with_gap.insert(with_gap.end() - 4, 3, 0x55);
  const Bytes file = png_file(kGray, idat(with_gap));
  CHECK(reference(file).lodepng_error == 0);  // it takes the last four bytes
  REQUIRE(outcome(file).fault);
  CHECK(outcome(file).fault->code == ErrorCode::bad_adler);
}

}  // namespace
}  // namespace pixelferry::test

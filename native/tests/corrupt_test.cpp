// A fault in a PNG is named, with its place: files that differ from a good one in one respect.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

using enum ErrorCode;
using enum png::ColorType;

struct Row {
  std::string_view name;
  Bytes file;
  ErrorCode code;
  std::size_t offset;
  bool lodepng_refuses = true;
};

constexpr std::size_t kFirst = 33;  // the chunk behind IHDR
constexpr png::Header kGray{2, 2, gray, 8, false};
constexpr png::Header kIndexed{2, 2, palette, 8, false};

Bytes scanlines() { return {0, 10, 20, 0, 30, 40}; }

Bytes stream() { return zlib_stream(scanlines()); }
Bytes image() { return idat(stream()); }
Bytes plte(std::size_t bytes) { return chunk("PLTE", Bytes(bytes, 9)); }
Bytes trns(std::size_t bytes) { return chunk("tRNS", Bytes(bytes, 9)); }
Bytes with(const Bytes& middle, const png::Header& header = kGray) {
  return png_file(header, middle);
}
Bytes with_stream(const Bytes& zlib) { return with(idat(zlib)); }
Bytes with_scanlines(const Bytes& filtered) { return with_stream(zlib_stream(filtered)); }

/// IHDR of a 1 × 1 gray picture with one byte changed, and its CRC right.
Bytes with_ihdr_byte(std::size_t index, std::uint8_t value) {
  Bytes fields{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0};
  fields[index] = value;
  return joined(
      {signature(), chunk("IHDR", fields), idat(zlib_stream(Bytes{0, 0})), chunk("IEND")});
}

Bytes patched(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

Bytes cut(Bytes bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

Bytes extended(Bytes bytes, std::size_t more) {
  bytes.insert(bytes.end(), more, 0xEE);
  return bytes;
}

/// Two IDAT chunks; the second one starts at kFirst + 12 + 5.
Bytes two_idats(const Bytes& zlib, bool second_damaged = false) {
  const std::span<const std::uint8_t> second = std::span{zlib}.subspan(5);
  return joined({chunk("IDAT", std::span{zlib}.first(5)),
                 second_damaged ? damaged_chunk("IDAT", second) : chunk("IDAT", second)});
}
constexpr std::size_t kSecondIdat = kFirst + 12 + 5;

std::vector<Row> header_rows() {
  return {
      {"nothing", {}, not_a_png, 0},
      {"a JPEG", Bytes{0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 0}, not_a_png, 0},
      {"only the signature", signature(), truncated, 8},
      {"PLTE first", joined({signature(), plte(13), image()}), missing_ihdr, 8},
      {"IHDR of 12 bytes", joined({signature(), chunk("IHDR", Bytes(12, 1)), image()}),
       bad_ihdr_length, 8},
      {"IHDR's CRC", patched(with(image()), 0x1F, 0x5A), bad_crc, 0x1D},
      {"no width", with_ihdr_byte(3, 0), bad_dimensions, 16},
      {"no height", with_ihdr_byte(7, 0), bad_dimensions, 20},
      {"depth 3", with_ihdr_byte(8, 3), bad_bit_depth, 24},
      {"color type 5", with_ihdr_byte(9, 5), bad_color_type, 25},
      {"compression 1", with_ihdr_byte(10, 1), bad_compression_method, 26},
      {"filter method 1", with_ihdr_byte(11, 1), bad_filter_method, 27},
      {"interlace 2", with_ihdr_byte(12, 2), bad_interlace_method, 28},
  };
}

std::vector<Row> chunk_rows() {
  const Bytes good = with(image());
  const std::size_t iend = good.size() - 12;
  return {
      {"IDAT's CRC", with(damaged_chunk("IDAT", stream())), bad_crc, kFirst + 8 + stream().size()},
      {"second IDAT's CRC", with(two_idats(stream(), true)), bad_crc,
       kSecondIdat + 8 + stream().size() - 5},
      {"CRC of an IDAT whose data is damaged too",
       with(damaged_chunk("IDAT", patched(stream(), 2, 0xFF))), bad_crc,
       kFirst + 8 + stream().size()},
      {"CRC of an IDAT behind the end of the stream",
       with(joined({image(), damaged_chunk("IDAT")})), bad_crc, kFirst + image().size() + 8},
      {"PLTE's CRC", with(joined({damaged_chunk("PLTE", Bytes(3, 1)), image()}), kIndexed), bad_crc,
       kFirst + 8 + 3},
      {"tRNS's CRC", with(joined({damaged_chunk("tRNS", Bytes(2, 1)), image()})), bad_crc,
       kFirst + 8 + 2},
      {"gAMA's CRC", with(joined({damaged_chunk("gAMA", Bytes(4, 1)), image()})), bad_crc,
       kFirst + 8 + 4},
      {"an unknown ancillary chunk's CRC", with(joined({damaged_chunk("abCd"), image()})), bad_crc,
       kFirst + 8, false},
      {"IEND's CRC", joined({signature(), ihdr(kGray), image(), damaged_chunk("IEND")}), bad_crc,
       iend + 8},
      {"a length of 2^31", patched(good, kFirst, 0x80), bad_chunk_length, kFirst},
      {"a length beyond the file", patched(good, kFirst, 0x7F), truncated, kFirst},
      {"the file ends in IDAT", cut(good, kFirst + 9), truncated, kFirst},
      {"the file ends in IEND", cut(good, good.size() - 1), truncated, iend},
      {"the file ends before IEND", cut(good, iend), missing_iend, iend},
      {"a second IHDR", with(joined({ihdr(kGray), image()})), unknown_critical_chunk, kFirst},
      {"an unknown critical chunk", with(joined({image(), chunk("ABCD")})), unknown_critical_chunk,
       kFirst + image().size()},
      {"a lower-case IDAT only", with(chunk("iDAT", stream())), missing_idat,
       kFirst + image().size()},
      {"no IDAT", with({}), missing_idat, kFirst},
      {"an empty PLTE", with(joined({plte(0), image()}), kIndexed), bad_palette, kFirst},
      {"half an entry in PLTE", with(joined({plte(2), image()}), kIndexed), bad_palette, kFirst},
      {"257 entries in PLTE", with(joined({plte(771), image()}), kIndexed), bad_palette, kFirst},
      {"an empty PLTE in a gray picture", with(joined({plte(0), image()})), bad_palette, kFirst},
      {"no PLTE", with(image(), kIndexed), missing_palette, kFirst + image().size()},
      {"tRNS longer than PLTE", with(joined({plte(6), trns(3), image()}), kIndexed),
       bad_transparency, kFirst + 18},
      {"tRNS before PLTE", with(joined({trns(1), plte(6), image()}), kIndexed), bad_transparency,
       kFirst},
      {"tRNS of 1 byte for gray", with(joined({trns(1), image()})), bad_transparency, kFirst},
      {"tRNS of 5 bytes for RGB", with(joined({trns(5), image()}), {2, 2, rgb, 8, false}),
       bad_transparency, kFirst},
      {"tRNS for gray with alpha", with(joined({trns(2), image()}), {2, 2, gray_alpha, 8, false}),
       bad_transparency, kFirst},
      {"tRNS for RGBA behind IDAT", with(joined({image(), trns(6)}), {2, 2, rgba, 8, false}),
       bad_transparency, kFirst + image().size()},
  };
}

std::vector<Row> stream_rows() {
  const Bytes zlib = stream();
  return {
      {"FCHECK", with_stream(patched(zlib, 1, 0x9D)), bad_zlib_header, kFirst},
      {"method 7", with_stream(patched(patched(zlib, 0, 0x77), 1, 0x85)), bad_zlib_header, kFirst},
      {"a 64 KiB window", with_stream(patched(patched(zlib, 0, 0x88), 1, 0x1C)), bad_zlib_header,
       kFirst},
      {"a preset dictionary", with_stream(patched(patched(zlib, 0, 0x78), 1, 0x20)),
       bad_zlib_header, kFirst},
      {"block type 3", with_stream(patched(zlib, 2, 0x07)), bad_deflate, kFirst},
      {"LEN and NLEN differ", with_stream(patched(zlib_stream(scanlines(), 0), 5, 0)), bad_deflate,
       kFirst},
      {"a match before the start", with_stream(zlib_wrapped(Bytes{0x03, 0x02, 0x00}, scanlines())),
       bad_deflate, kFirst},
      {"damage in the second IDAT",
       with(two_idats(zlib_wrapped(Bytes{0, 0, 0, 0xFF, 0xFF, 0x07}, scanlines()))), bad_deflate,
       kSecondIdat},
      {"Adler-32", with_stream(patched(zlib, zlib.size() - 1, 0xFF)), bad_adler, kFirst},
      {"filter type 5", with_scanlines(patched(scanlines(), 0, 5)), bad_filter_type, kFirst},
      {"filter type 255 in the last row", with_scanlines(patched(scanlines(), 3, 255)),
       bad_filter_type, kFirst},
      {"one byte too many", with_scanlines(extended(scanlines(), 1)), too_much_data, kFirst},
      {"far too many bytes", with_scanlines(extended(scanlines(), 1 << 20)), too_much_data, kFirst},
      {"one byte too few", with_scanlines(cut(scanlines(), 5)), too_little_data, kFirst},
      {"no scanlines", with_scanlines({}), too_little_data, kFirst},
      {"an empty IDAT", with_stream({}), too_little_data, kFirst},
      {"one byte of a zlib header", with_stream(cut(zlib, 1)), too_little_data, kFirst},
      {"only a zlib header", with_stream(cut(zlib, 2)), too_little_data, kFirst},
      {"half a deflate block", with_stream(cut(zlib, 4)), too_little_data, kFirst},
      {"no Adler-32", with_stream(cut(zlib, zlib.size() - 4)), too_little_data, kFirst},
      {"half an Adler-32", with_stream(cut(zlib, zlib.size() - 2)), too_little_data, kFirst},
      {"the second IDAT is missing bytes", with(two_idats(cut(zlib, zlib.size() - 1))),
       too_little_data, kSecondIdat},
      {"a byte behind the stream", with_stream(extended(zlib, 1)), trailing_data, kFirst},
      {"many bytes behind the stream", with_stream(extended(zlib, 100'000)), trailing_data, kFirst},
      {"an IDAT behind the stream", with(joined({image(), idat(Bytes(1, 0))})), trailing_data,
       kFirst + image().size()},
      {"Adler-32 twice", with_stream(joined({zlib, Bytes{zlib.end() - 4, zlib.end()}})),
       trailing_data, kFirst, false},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> rows = header_rows();
  for (Row& row : chunk_rows()) rows.push_back(std::move(row));
  for (Row& row : stream_rows()) rows.push_back(std::move(row));
  return rows;
}

TEST_CASE("the good file is good") { CHECK_FALSE(outcome(with(image())).fault); }

TEST_CASE("each fault has its code and offset, and lodepng refuses the file too") {
  for (const Row& row : all_rows()) {
    CAPTURE(row.name);
    const Outcome found = outcome(row.file);
    REQUIRE(found.fault);
    CHECK(*found.fault == Fault{row.code, row.offset});
    CHECK((reference(row.file).lodepng_error != 0) == row.lodepng_refuses);
  }
}

TEST_CASE("every code of an invalid PNG stands in the table") {
  std::set<ErrorCode> provoked;
  for (const Row& row : all_rows()) provoked.insert(row.code);
  for (const ErrorInfo& error : kErrors) {
    CAPTURE(error.name);
    CHECK(provoked.contains(error.code) == (error.kind == ErrorKind::invalid_png));
  }
}

TEST_CASE("a refused file takes no block from the pool, or gives it back") {
  memory::Pool pool{0};
  for (const Row& row : all_rows()) {
    CHECK_THROWS_AS(static_cast<void>(convert(row.file, Limits{}, nullptr, pool)), Error);
    REQUIRE(pool.stats().used_blocks == 0);
  }
  for (const Row& row : chunk_rows()) {
    if (row.code == bad_crc) continue;  // an IDAT's CRC is known when its data was decoded
    memory::Pool untouched{0};
    CHECK_THROWS_AS(static_cast<void>(convert(row.file, Limits{}, nullptr, untouched)), Error);
    CHECK(untouched.stats().mapped == 0);
  }
}

}  // namespace
}  // namespace pixelferry::test

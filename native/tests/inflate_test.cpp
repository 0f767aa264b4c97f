// The inflater gives the same bytes and the same verdict however its input and output are cut, and
// it is as strict as zlib and lodepng.
#include "png/inflate.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <optional>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

using Status = png::Inflater::Status;

struct Inflated {
  Bytes bytes;
  Status status;
};

/// Feeds `stream` in pieces of `in` bytes and takes pieces of `out` bytes.
Inflated inflated(png::Inflater& inflater, std::span<const std::uint8_t> stream, std::size_t in,
                  std::size_t out) {
  inflater.reset();
  Inflated result{{}, Status::need_input};
  Bytes buffer(out);
  while (true) {
    const png::Inflater::Progress progress = inflater.produce(buffer);
    append(result.bytes, std::span{buffer}.first(progress.written));
    result.status = progress.status;
    if (progress.status == Status::failed) return result;
    if (progress.status == Status::output_full) continue;
    if (stream.empty()) return result;
    inflater.feed(stream.first(std::min(in, stream.size())));
    stream = stream.subspan(std::min(in, stream.size()));
  }
}

TEST_CASE("any cut of input and output gives the same bytes, also when the state is reused") {
  Random random;
  png::Inflater inflater;
  for (int round = 0; round < 60; ++round) {
    Bytes data = random.bytes(1 + random.below(150'000));
    const std::size_t alphabet = 1 + random.below(256);
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(byte % alphabet);
    const Bytes stream = zlib_stream(data, static_cast<int>(random.below(10)));
    const std::size_t in = 1 + random.below(round % 2 == 0 ? 10 : 200'000);
    const std::size_t out = 1 + random.below(round % 3 == 0 ? 3'000 : 200'000);
    CAPTURE(in);
    CAPTURE(out);
    const Inflated found = inflated(inflater, stream, in, out);
    REQUIRE(found.status == Status::finished);
    REQUIRE(found.bytes == data);
  }
}

TEST_CASE("bytes behind the stream are a fault in whatever pieces they come") {
  png::Inflater inflater;
  Bytes stream = zlib_stream(Bytes(1000, 7));
  append(stream, Bytes(20, 0));
  for (std::size_t in = 1; in <= stream.size(); ++in) {
    CHECK(inflated(inflater, stream, in, 100).status == Status::failed);
    CHECK(inflater.fault() == ErrorCode::trailing_data);
  }
}

TEST_CASE("a stream cut at any byte wants more and is never finished") {
  png::Inflater inflater;
  Random random;
  const Bytes stream = zlib_stream(random.bytes(300), 9);
  for (std::size_t size = 0; size < stream.size(); ++size) {
    CHECK(inflated(inflater, std::span{stream}.first(size), size + 1, 1000).status ==
          Status::need_input);
  }
}

/// The rule for a damaged stream with a right Adler-32: this decoder accepts only what lodepng
/// accepts, apart from incomplete codes, and refuses only what lodepng or zlib refuses.
void check_verdicts(const png::Header& header, const Bytes& stream) {
  const Bytes file = png_file(header, idat(stream));
  const Reference lodepng = reference(file);
  const Outcome found = outcome(file);
  if (!found.fault) {
    REQUIRE((lodepng.lodepng_error == 0 || lodepng.lodepng_error == kIncompleteCode));
    if (lodepng.lodepng_error == 0) REQUIRE(found.bmp == lodepng.bmp);
  } else if (lodepng.lodepng_error == 0) {
    CAPTURE(found.fault->code);
    REQUIRE_FALSE(zlib_accepts(stream));
  }
}

/// What comes out of damaged deflate data, as far as it goes.
Bytes inflated_anyhow(std::span<const std::uint8_t> deflated) {
  z_stream zlib{};
  REQUIRE(inflateInit2(&zlib, -15) == Z_OK);
  Bytes out(5000);
  zlib.next_in = const_cast<Bytef*>(deflated.data());
  zlib.avail_in = static_cast<uInt>(deflated.size());
  zlib.next_out = out.data();
  zlib.avail_out = static_cast<uInt>(out.size());
  static_cast<void>(::inflate(&zlib, Z_FINISH));
  out.resize(zlib.total_out);
  inflateEnd(&zlib);
  return out;
}

TEST_CASE("damaged deflate data is judged as by lodepng and zlib") {
  Random random;
  const png::Header header{30, 20, png::ColorType::gray, 8, false};
  int accepted = 0;
  for (int round = 0; round < 15'000; ++round) {
    const Bytes scanlines = filtered_scanlines(header, Filters::none, random.below(2) == 0, random);
    const Bytes good = zlib_stream(scanlines, static_cast<int>(random.below(10)));
    Bytes deflated{good.begin() + 2, good.end() - 4};
    // Most bits of a block's header decide about its codes: damage there more often.
    const std::size_t reach =
        random.below(2) == 0 ? deflated.size() : std::min<std::size_t>(40, deflated.size());
    for (std::size_t i = 1 + random.below(3); i > 0; --i) {
      deflated[random.below(reach)] ^= static_cast<std::uint8_t>(1U << random.below(8));
    }
    // With the Adler-32 of what comes out, damage that decodes to something is accepted.
    const Bytes stream = zlib_wrapped(deflated, inflated_anyhow(deflated));
    check_verdicts(header, stream);
    if (!outcome(png_file(header, idat(stream))).fault) ++accepted;
  }
  CHECK(accepted > 100);  // the damage was not always fatal: the rule was tested both ways
}

/// Bits in deflate's order: numbers from their lowest bit, Huffman codes from their highest.
class BitWriter {
 public:
  BitWriter& number(unsigned value, unsigned count) {
    for (unsigned i = 0; i < count; ++i) bit(value >> i & 1);
    return *this;
  }
  BitWriter& code(unsigned value, unsigned length) {
    for (unsigned i = length; i-- > 0;) bit(value >> i & 1);
    return *this;
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  void bit(unsigned value) {
    if (used_ % 8 == 0) bytes_.push_back(0);
    bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | value << used_ % 8);
    ++used_;
  }

  Bytes bytes_;
  unsigned used_ = 0;
};

/// A dynamic block whose literals 0 and 1 and end of block have the lengths given; its code length
/// code gives 18, 0, 1, 2, 3 two or three bits. Yields the scanline {0, 1}.
Bytes dynamic_block(unsigned hlit, unsigned hdist, unsigned zero, unsigned one, unsigned end,
                    unsigned zero_code, unsigned one_code, unsigned end_code) {
  BitWriter bits;
  bits.number(1, 1).number(2, 2).number(hlit, 5).number(hdist, 5).number(14, 4);
  // Order of the lengths: 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1
  for (const unsigned length :
       {0U, 0U, 2U, 2U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 2U, 0U, 3U, 0U, 3U}) {
    bits.number(length, 3);
  }
  // Canonical codes: 0 -> 00, 3 -> 01, 18 -> 10, 1 -> 110, 2 -> 111
  const auto length = [&](unsigned value) {
    const unsigned codes[] = {0b00, 0b110, 0b111, 0b01};
    const unsigned lengths[] = {2, 3, 3, 2};
    bits.code(codes[value], lengths[value]);
  };
  const auto zeros = [&](unsigned count) { bits.code(0b10, 2).number(count - 11, 7); };
  length(zero);
  length(one);
  zeros(138);
  zeros(116);
  length(end);
  for (unsigned i = 0; i < hlit; ++i) length(0);
  for (unsigned i = 0; i <= hdist; ++i) length(0);
  bits.code(zero_code, zero).code(one_code, one).code(end_code, end);
  return bits.bytes();
}

std::optional<ErrorCode> fault_of_block(const Bytes& deflated) {
  const Bytes scanline{0, 1};
  const auto fault = outcome(png_file({1, 1, png::ColorType::gray, 8, false},
                                      idat(zlib_wrapped(deflated, scanline))))
                         .fault;
  return fault ? std::optional{fault->code} : std::nullopt;
}

unsigned lodepng_error_of_block(const Bytes& deflated) {
  const Bytes scanline{0, 1};
  return reference(png_file({1, 1, png::ColorType::gray, 8, false},
                            idat(zlib_wrapped(deflated, scanline))))
      .lodepng_error;
}

TEST_CASE("codes at the edge of what deflate allows") {
  SUBCASE("a complete code without distances is accepted") {
    const Bytes block = dynamic_block(0, 0, 1, 2, 2, 0b0, 0b10, 0b11);
    CHECK_FALSE(fault_of_block(block));
    CHECK(lodepng_error_of_block(block) == 0);
  }
  SUBCASE("an oversubscribed code is refused") {
    const Bytes block = dynamic_block(0, 0, 1, 1, 2, 0b0, 0b1, 0b11);
    CHECK(fault_of_block(block) == ErrorCode::bad_deflate);
    CHECK(lodepng_error_of_block(block) != 0);
  }
  SUBCASE("an incomplete code whose gap is not used is accepted here, and only here") {
    const Bytes block = dynamic_block(0, 0, 1, 2, 3, 0b0, 0b10, 0b110);
    CHECK_FALSE(fault_of_block(block));
    CHECK(lodepng_error_of_block(block) == kIncompleteCode);
  }
  SUBCASE("the gap of an incomplete code is refused when used") {
    const Bytes block = dynamic_block(0, 0, 1, 2, 3, 0b0, 0b11, 0b111);
    CHECK(fault_of_block(block) == ErrorCode::bad_deflate);
  }
  SUBCASE("no code for the end of block is refused") {
    const Bytes block = dynamic_block(0, 0, 1, 1, 0, 0b0, 0b1, 0);
    CHECK(fault_of_block(block) == ErrorCode::bad_deflate);
    CHECK(lodepng_error_of_block(block) != 0);
  }
  SUBCASE("more than 286 literal and length codes are refused, as by zlib; lodepng takes them") {
    CHECK_FALSE(fault_of_block(dynamic_block(29, 0, 1, 2, 2, 0b0, 0b10, 0b11)));
    const Bytes block = dynamic_block(30, 0, 1, 2, 2, 0b0, 0b10, 0b11);
    CHECK(fault_of_block(block) == ErrorCode::bad_deflate);
    CHECK_FALSE(zlib_accepts(zlib_wrapped(block, Bytes{0, 1})));
    CHECK(lodepng_error_of_block(block) == 0);
  }
  SUBCASE("more than 30 distance codes are refused, as by zlib; lodepng takes them") {
    CHECK_FALSE(fault_of_block(dynamic_block(0, 29, 1, 2, 2, 0b0, 0b10, 0b11)));
    const Bytes block = dynamic_block(0, 30, 1, 2, 2, 0b0, 0b10, 0b11);
    CHECK(fault_of_block(block) == ErrorCode::bad_deflate);
    CHECK_FALSE(zlib_accepts(zlib_wrapped(block, Bytes{0, 1})));
    CHECK(lodepng_error_of_block(block) == 0);
  }
}

}  // namespace
}  // namespace pixelferry::test

// Damaged deflate data is judged as by zlib and lodepng, apart from the few cases named here.
#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "support/forced_engine.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

/// Which inflater a small stream reaches: in one IDAT libdeflate, in more of them the engine named.
using Way = std::optional<png::InflateEngine>;
constexpr Way kWhole = std::nullopt;

std::vector<Way> ways() {
  std::vector<Way> result{kWhole};
  std::ranges::copy(png::inflate_engines(), std::back_inserter(result));
  return result;
}

Outcome outcome_of(const png::Header& header, const Bytes& stream, Way way) {
  if (way == kWhole) return outcome(png_file(header, idat(stream)));
  const ForcedEngine forced{*way};
  return outcome(png_file(header, idats(stream, stream.size() / 2 + 1)));
}

/// What each way accepts although lodepng does not; 0 if nothing.
unsigned tolerated_error(Way way) {
  if (way == kWhole) return kUndefinedLength;
  return way == png::InflateEngine::isal ? kIncompleteCode : 0;
}

/// The rule for a damaged stream with a right Adler-32: this decoder accepts only what lodepng
/// accepts, apart from one kind of damage each way, and refuses only what lodepng or zlib refuses.
void check_verdicts(const png::Header& header, const Bytes& stream, Way way) {
  const Reference lodepng = reference(png_file(header, idat(stream)));
  const Outcome found = outcome_of(header, stream, way);
  if (!found.fault) {
    REQUIRE((lodepng.lodepng_error == 0 || lodepng.lodepng_error == tolerated_error(way)));
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
  for (int round = 0; round < 8'000; ++round) {
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
    for (const Way way : ways()) {
      check_verdicts(header, stream, way);
      accepted += outcome_of(header, stream, way).fault ? 0 : 1;
    }
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

/// What becomes of a block that yields the scanline `scanline`.
std::optional<ErrorCode> fault_of(const Bytes& deflated, Way way,
                                  const png::Header& header = {1, 1, png::ColorType::gray, 8,
                                                               false},
                                  const Bytes& scanline = {0, 1}) {
  const auto fault = outcome_of(header, zlib_wrapped(deflated, scanline), way).fault;
  return fault ? std::optional{fault->code} : std::nullopt;
}

unsigned lodepng_error_of(const Bytes& deflated,
                          const png::Header& header = {1, 1, png::ColorType::gray, 8, false},
                          const Bytes& scanline = {0, 1}) {
  return reference(png_file(header, idat(zlib_wrapped(deflated, scanline)))).lodepng_error;
}

TEST_CASE("codes at the edge of what deflate allows") {
  for (const Way way : ways()) {
    CAPTURE(way ? static_cast<int>(*way) : -1);
    // a complete code without distances
    Bytes block = dynamic_block(0, 0, 1, 2, 2, 0b0, 0b10, 0b11);
    CHECK_FALSE(fault_of(block, way));
    CHECK(lodepng_error_of(block) == 0);
    // an oversubscribed code
    block = dynamic_block(0, 0, 1, 1, 2, 0b0, 0b1, 0b11);
    CHECK(fault_of(block, way) == ErrorCode::bad_deflate);
    CHECK(lodepng_error_of(block) != 0);
    // no code for the end of block
    block = dynamic_block(0, 0, 1, 1, 0, 0b0, 0b1, 0);
    CHECK(fault_of(block, way) == ErrorCode::bad_deflate);
    CHECK(lodepng_error_of(block) != 0);
    // the gap of an incomplete code, used
    block = dynamic_block(0, 0, 1, 2, 3, 0b0, 0b11, 0b111);
    CHECK(fault_of(block, way) == ErrorCode::bad_deflate);
    // as many codes as there are symbols
    CHECK_FALSE(fault_of(dynamic_block(29, 29, 1, 2, 2, 0b0, 0b10, 0b11), way));
  }
}

TEST_CASE("a distance beyond the start of the data is refused wherever the output is cut") {
  // ISA-L's counts are wrong after this fault; the bounds checks of the library see what follows.
  for (const Way way : ways()) {
    for (std::size_t literals = 1; literals < 600; ++literals) {
      BitWriter bits;
      bits.number(1, 1).number(1, 2);  // one block of fixed codes
      for (std::size_t i = 0; i < literals; ++i) bits.code(0x30, 8);
      bits.code(1, 7).code(29, 5).number(0, 13);  // length 3, distance 24577
      for (int i = 0; i < 40; ++i) bits.code(0x30, 8);
      const Bytes block = bits.code(0, 7).bytes();
      const png::Header header{300, 2, png::ColorType::gray, 8, false};
      REQUIRE(fault_of(block, way, header, Bytes(literals + 43, 0)) == ErrorCode::bad_deflate);
    }
  }
}

TEST_CASE("an incomplete code whose gap is not used is accepted by ISA-L only") {
  const Bytes block = dynamic_block(0, 0, 1, 2, 3, 0b0, 0b10, 0b110);
  for (const Way way : ways()) {
    const bool accepted = way == png::InflateEngine::isal;
    CHECK(fault_of(block, way) ==
          (accepted ? std::nullopt : std::optional{ErrorCode::bad_deflate}));
  }
  CHECK(lodepng_error_of(block) == kIncompleteCode);
}

TEST_CASE("more codes than symbols are refused when streaming, as by zlib; lodepng takes them") {
  for (const Bytes& block : {dynamic_block(30, 0, 1, 2, 2, 0b0, 0b10, 0b11),
                             dynamic_block(0, 30, 1, 2, 2, 0b0, 0b10, 0b11)}) {
    CHECK_FALSE(fault_of(block, kWhole));
    for (const png::InflateEngine engine : png::inflate_engines()) {
      CHECK(fault_of(block, engine) == ErrorCode::bad_deflate);
    }
    CHECK_FALSE(zlib_accepts(zlib_wrapped(block, Bytes{0, 1})));
    CHECK(lodepng_error_of(block) == 0);
  }
}

TEST_CASE("length symbols that deflate does not define are taken as a whole, and only there") {
  for (const unsigned symbol : {286U, 287U}) {
    // A block of fixed codes: a literal 0, the symbol at distance 1, the end.
    const Bytes block = BitWriter{}
                            .number(1, 1)
                            .number(1, 2)
                            .code(0x30, 8)
                            .code(0xC0 + symbol - 280, 8)
                            .code(0, 5)
                            .code(0, 7)
                            .bytes();
    const Bytes zeros(259, 0);
    const png::Header header{258, 1, png::ColorType::gray, 8, false};
    CHECK_FALSE(fault_of(block, kWhole, header, zeros));
    for (const png::InflateEngine engine : png::inflate_engines()) {
      CHECK(fault_of(block, engine, header, zeros) == ErrorCode::bad_deflate);
    }
    CHECK(lodepng_error_of(block, header, zeros) == kUndefinedLength);
  }
}

}  // namespace
}  // namespace pixelferry::test

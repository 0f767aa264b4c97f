// Files made to be slow: the work they cause is bounded, which is counted here, not timed.
// bench/worst_case.py measures the time.
#include "support/bombs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "png/block_density.hpp"
#include "png/decoder.hpp"
#include "png/idat.hpp"
#include "png/inflate_engine.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

/// Counts how often decoding begins, and sets a flag when it has begun so many times.
class CountingSink final : public png::ScanlineSink {
 public:
  void write(const png::Pass& /*pass*/, std::uint32_t y,
             std::span<const std::uint8_t> /*scanline*/) noexcept override {
    if (y == 0 && ++starts_ == stop_at_start_) cancel_.set();
    ++rows_;
  }
  void stop_at_start(std::size_t start) { stop_at_start_ = start; }
  [[nodiscard]] std::size_t starts() const { return starts_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] const CancelFlag* cancel() const { return &cancel_; }

 private:
  CancelFlag cancel_;
  std::size_t stop_at_start_ = 0;
  std::size_t starts_ = 0;
  std::size_t rows_ = 0;
};

constexpr png::Header kGray{1000, 1000, png::ColorType::gray, 8, false};
/// A seed whose file is seen to be of short blocks: of a quarter of a megabyte of them, 8 files in
/// 100 are not, and cost what docs/conversion.md says.
constexpr std::uint64_t kSeen = 1;
/// Each engine begins once at most.
std::size_t most_starts() { return png::inflate_engines().size(); }

void decode(const Bytes& file, const png::Header& header, CountingSink& sink) {
  const png::Survey survey = png::survey_chunks(file, header, nullptr);
  png::decode(file, header, survey, sink, sink.cancel());
}

TEST_CASE("each kind of bomb is converted or refused, and no block stays taken") {
  Random random;
  for (const Bomb& bomb : bombs(random)) {
    CAPTURE(bomb.name);
    memory::Pool pool{0};
    std::optional<ErrorCode> fault;
    try {
      static_cast<void>(convert(bomb.png, Limits{}, nullptr, pool));
    } catch (const Error& error) {
      fault = error.code();
    }
    CHECK(fault == bomb.fault);
    CHECK(pool.stats().used_blocks == 0);
    if (!fault) CHECK(outcome(bomb.png).bmp == reference(bomb.png).bmp);
  }
}

TEST_CASE("a stream of short blocks is begun once more, by the engine that they cost least") {
  Random random{kSeen};
  const Bytes file = png_of_empty_blocks(kGray, 500, random);
  const png::Survey survey = png::survey_chunks(file, kGray, nullptr);
  REQUIRE(png::fastest_inflate_engine(1'001'000, survey.idat_bytes) == png::InflateEngine::isal);
  CountingSink sink;
  decode(file, kGray, sink);
  CHECK(sink.starts() == most_starts());
  CHECK(sink.rows() <= 1'000 + (most_starts() - 1) * 500);
}

TEST_CASE("a picture is begun once") {
  Random random;
  for (const int level : {1, 6, 9}) {
    const Bytes stream =
        zlib_stream(filtered_scanlines(kGray, Filters::mixed, true, random), level);
    CountingSink sink;
    decode(png_file(kGray, idats(stream, 8192)), kGray, sink);
    CHECK(sink.starts() == 1);
  }
}

TEST_CASE("what is begun once more is judged as before") {
  Random random;
  const Bytes file = png_of_empty_blocks(kGray, 500, random);
  CHECK(outcome(file).bmp == reference(file).bmp);
  // The last byte of Adler-32; the CRC is made anew.
  const std::size_t at = file.size() - chunk("IEND").size() - 5;
  Bytes data{file.begin() + 41, file.begin() + static_cast<std::ptrdiff_t>(at) + 1};
  data.back() ^= 1;
  const Outcome damaged = outcome(png_file(kGray, idat(data)));
  REQUIRE(damaged.fault);
  CHECK(damaged.fault->code == ErrorCode::bad_adler);
}

TEST_CASE("a flag that is set while short blocks are inflated stops either engine") {
  Random random{kSeen};
  const Bytes file = png_of_empty_blocks(kGray, 500, random);
  for (std::size_t start = 1; start <= most_starts(); ++start) {
    CountingSink sink;
    sink.stop_at_start(start);
    CHECK_THROWS_AS(decode(file, kGray, sink), Error);
    CHECK(sink.starts() == start);
    CHECK(sink.rows() <= start * 500);
  }
}

TEST_CASE("what follows the last row that IHDR promises is not inflated") {
  // The second IDAT is damaged: who reads on meets that.
  const png::Header pixel{1, 1, png::ColorType::gray, 8, false};
  const Bytes bomb = zlib_stream(Bytes(std::size_t{32} << 20), 9);
  const std::span all{bomb};
  for (const std::size_t first : {std::size_t{100}, bomb.size() - 8}) {
    const Bytes file = png_file(
        pixel, joined({idat(all.first(first)), damaged_chunk("IDAT", all.subspan(first))}));
    REQUIRE(outcome(file).fault);
    CHECK(outcome(file).fault->code == ErrorCode::too_much_data);
  }
}

TEST_CASE("a walk over IDATs without data looks at the flag") {
  Bytes many;
  for (int i = 0; i < 10'000; ++i) append(many, idat({}));
  const Bytes file = joined({idat(Bytes{1}), many, chunk("IEND")});
  CancelFlag cancel;
  png::IdatReader idats{file, 0, &cancel};
  REQUIRE(idats.next().size() == 1);
  cancel.set();
  CHECK_THROWS_AS(idats.next(), Error);
}

/// Places in `bytes` of input, `in_header` of 100 of them inside a header; until it is too many.
std::size_t places_until_excessive(std::uint32_t seed, std::size_t in_header, std::size_t bytes) {
  png::BlockDensity density{seed};
  Random random{seed};
  std::size_t places = 0;
  while (bytes > 0 && !density.excessive()) {
    const std::size_t piece = std::min({density.bytes_to_place(), bytes, 1 + random.below(9'000)});
    bytes -= piece;
    places += piece == density.bytes_to_place() ? 1 : 0;
    density.note(piece, random.below(100) < in_header);
  }
  return density.excessive() ? places : 0;
}

TEST_CASE("streams of headers are known within 112 KiB; a fiftieth of headers is no fault") {
  std::size_t false_alarms = 0;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    CHECK(places_until_excessive(seed, 100, std::size_t{112} << 10) == 3);
    CHECK(places_until_excessive(seed, 20, std::size_t{64} << 20) > 0);
    CHECK(places_until_excessive(seed, 0, std::size_t{64} << 20) == 0);
    false_alarms += places_until_excessive(seed, 1, std::size_t{8} << 20) == 0 ? 0 : 1;
  }
  CHECK(false_alarms <= 10);
}

TEST_CASE("the places follow from the seed and differ with it") {
  const auto places = [](std::uint32_t seed) {
    png::BlockDensity density{seed};
    std::array<std::size_t, 20> found{};
    for (std::size_t& place : found) {
      place = density.bytes_to_place();
      CHECK(place > 0);
      CHECK(place <= png::IdatReader::kPieceBytes);
      density.note(place, false);
    }
    return found;
  };
  CHECK(places(7) == places(7));
  CHECK(places(7) != places(8));
}

}  // namespace
}  // namespace pixelferry::test

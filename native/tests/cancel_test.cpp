// A set flag stops a conversion in each of its phases; the block goes back to the pool.
#include "cancel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "png/decoder.hpp"
#include "png/idat.hpp"
#include "png/survey.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

ErrorCode code_of(const Bytes& png, const CancelFlag* cancel, memory::Pool& pool) {
  try {
    static_cast<void>(convert(png, Limits{}, cancel, pool));
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("the conversion came to its end");
  return {};
}

Bytes repeated(const Bytes& part, std::size_t count) {
  Bytes result;
  for (std::size_t i = 0; i < count; ++i) append(result, part);
  return result;
}

TEST_CASE("a flag that is set stops decoding, and the block goes back") {
  Random random;
  const Bytes png = random_png({50, 50, png::ColorType::rgb, 8, false}, Filters::mixed, random);
  memory::Pool pool{1 << 20};
  CancelFlag cancel;
  CHECK_NOTHROW(static_cast<void>(convert(png, Limits{}, &cancel, pool)));
  cancel.set();
  CHECK(code_of(png, &cancel, pool) == ErrorCode::cancelled);
  CHECK(pool.stats().used_blocks == 0);
}

TEST_CASE("the walk over many chunks before the image data looks at the flag") {
  const png::Header header{1, 1, png::ColorType::gray, 8, false};
  const Bytes image = idat(zlib_stream(Bytes{0, 0}));
  const Bytes many = repeated(chunk("abCd"), 10'000);
  CancelFlag cancel;
  cancel.set();
  memory::Pool pool{1 << 20};
  // The file is wrong at its end: only who never looks at the flag gets there.
  const Bytes without_end = joined({signature(), ihdr(header), many, image, Bytes{0}});
  CHECK(code_of(without_end, &cancel, pool) == ErrorCode::cancelled);
  CHECK(pool.stats().mapped == 0);
}

TEST_CASE("the walk over many chunks between two IDATs looks at the flag") {
  const Bytes data = zlib_stream(Bytes{0, 0});
  const Bytes image = joined({idat(std::span{data}.first(1)), repeated(chunk("abCd"), 10'000),
                              idat(std::span{data}.subspan(1))});
  const png::Header header{1, 1, png::ColorType::gray, 8, false};
  const Bytes file = png_file(header, image);
  CancelFlag cancel;
  png::IdatReader idats{file, file.size() - image.size() - chunk("IEND").size(), &cancel};
  REQUIRE(idats.next().size() == 1);
  cancel.set();
  CHECK_THROWS_AS(idats.next(), Error);
}

/// Sets a flag when it is given row `stop`.
class StoppingSink final : public png::ScanlineSink {
 public:
  StoppingSink(CancelFlag& cancel, std::size_t stop) : cancel_{cancel}, stop_{stop} {}
  void write(const png::Pass& /*pass*/, std::uint32_t /*y*/,
             std::span<const std::uint8_t> /*scanline*/) noexcept override {
    if (rows_++ == stop_) cancel_.set();
  }
  [[nodiscard]] std::size_t rows() const { return rows_; }

 private:
  CancelFlag& cancel_;
  std::size_t stop_;
  std::size_t rows_ = 0;
};

/// Rows that are decoded if the flag is set when row `stop` is; 0: before the first.
std::size_t rows_until_cancelled(const Bytes& file, const png::Header& header, std::size_t stop) {
  CancelFlag cancel;
  const png::Survey survey = png::survey_chunks(file, header, &cancel);
  StoppingSink sink{cancel, stop - 1};
  if (stop == 0) cancel.set();
  try {
    png::decode(file, header, survey, sink, &cancel);
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::cancelled);
  }
  return sink.rows();
}

TEST_CASE("decoding looks at the flag before each window of rows and at the end") {
  Random random;
  const png::Header small{50, 50, png::ColorType::rgb, 8, false};
  const Bytes whole =
      png_file(small, idat(zlib_stream(filtered_scanlines(small, Filters::mixed, true, random))));
  CHECK(rows_until_cancelled(whole, small, 0) == 0);
  const png::Header large{1000, 1000, png::ColorType::rgb, 8, false};
  const Bytes file = random_png(large, Filters::mixed, random);
  CHECK(rows_until_cancelled(file, large, 0) == 0);
  CHECK(rows_until_cancelled(file, large, 1) < 100);
  CHECK(rows_until_cancelled(file, large, 500) < 600);
  CHECK(rows_until_cancelled(file, large, 1000) == 1000);
}

TEST_CASE("a conversion that runs is stopped by another thread") {
  // Endless: each round is a whole conversion, so the flag is the only way out.
  Random random;
  const Bytes png = random_png({300, 300, png::ColorType::rgba, 8, true}, Filters::mixed, random);
  CancelFlag cancel;
  std::atomic<bool> running{false};
  ErrorCode code{};
  std::thread worker{[&] {
    memory::Pool pool{1 << 20};
    try {
      while (true) {
        static_cast<void>(convert(png, Limits{}, &cancel, pool));
        running = true;
        running.notify_one();
      }
    } catch (const Error& error) {
      code = error.code();
    }
  }};
  running.wait(false);
  cancel.set();
  worker.join();
  CHECK(code == ErrorCode::cancelled);
}

}  // namespace
}  // namespace pixelferry::test

// A set flag stops a conversion in each of its phases; the block goes back to the pool.
#include "cancel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

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

TEST_CASE("the walks over many chunks look at the flag, before and behind the first IDAT") {
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

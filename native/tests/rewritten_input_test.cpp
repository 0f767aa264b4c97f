// Another thread may rewrite a PNG while it is converted: the result is an error or wrong pixels,
// never an access outside the input, the output or the working memory (which guard pages and
// AddressSanitizer would see).
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "support/guarded.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"

// ThreadSanitizer would report this data race, which is the point of the test, not a finding.
#if defined(__SANITIZE_THREAD__)
constexpr bool kRacesAreReported = true;
#else
constexpr bool kRacesAreReported = false;
#endif

namespace pixelferry::test {
namespace {

constexpr int kConversions = 1500;

/// Keeps changing bytes of `png` and putting them back while `converting`.
void rewrite(std::span<std::uint8_t> png, const Bytes& original,
             const std::atomic<bool>& converting) {
  Random random;
  while (converting) {
    const std::size_t at = png::kHeaderBytes + random.below(png.size() - png::kHeaderBytes);
    png[at] = random.byte();
    // Mostly lengths, types and the first block of the stream: where a change reaches far.
    png[png::kHeaderBytes + random.below(60)] = random.byte();
    std::ranges::copy(original, png.begin());
  }
}

void convert_while_rewritten(const Bytes& original) {
  const Guarded png{original, Guarded::At::end};
  const Guarded bmp{static_cast<std::size_t>(inspect(original).output_size), Guarded::At::end};
  std::atomic<bool> converting{true};
  std::thread writer{[&] { rewrite(png.bytes(), original, converting); }};
  int converted = 0;
  for (int i = 0; i < kConversions; ++i) {
    try {
      convert_into(png.bytes(), bmp.bytes(), Limits{}, nullptr);
      ++converted;
    } catch (const Error& error) {
      REQUIRE(info(error.code()).kind == ErrorKind::invalid_png);
    }
  }
  converting = false;
  writer.join();
  MESSAGE(converted << " of " << kConversions << " conversions came to an end");
}

TEST_CASE("input that changes during conversion is never followed outside" *
          doctest::skip(kRacesAreReported)) {
  Random random;
  const png::Header indexed{60, 60, png::ColorType::palette, 4, true};
  const Bytes stream = zlib_stream(filtered_scanlines(indexed, Filters::mixed, true, random));
  convert_while_rewritten(
      png_file(indexed, joined({palette_for(indexed, 16, random), chunk("tRNS", Bytes(16, 1)),
                                idats(stream, 50), chunk("pHYs", Bytes(9, 1))})));
  const png::Header rgb{200, 100, png::ColorType::rgb, 8, false};
  convert_while_rewritten(random_png(rgb, Filters::mixed, random));
}

}  // namespace
}  // namespace pixelferry::test

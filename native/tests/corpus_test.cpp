// Real files: PngSuite and photos, when PIXELFERRY_TEST_CORPUS names a folder with PNG files in it
// or below it. Each gives what lodepng gives, or is refused as by lodepng.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/outcome.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

Bytes read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// The file without pHYs, of which the reference knows nothing.
Bytes without_density(Bytes bmp) {
  if (!bmp.empty()) std::fill_n(bmp.begin() + 38, 8, std::uint8_t{0});
  return bmp;
}

const char* corpus() { return std::getenv("PIXELFERRY_TEST_CORPUS"); }

TEST_CASE("every file of the corpus equals lodepng's result" * doctest::skip(corpus() == nullptr)) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{corpus()}) {
    if (entry.path().extension() != ".png") continue;
    ++files;
    const std::string name = entry.path().filename();
    CAPTURE(name);
    const Bytes png = read(entry.path());
    const Reference expected = reference(png);
    const Outcome found = outcome(png);
    CHECK(found.fault.has_value() == (expected.lodepng_error != 0));
    CHECK(without_density(found.bmp) == expected.bmp);
  }
  CHECK(files > 0);
}

}  // namespace
}  // namespace pixelferry::test

// What fuzzing found stays found: every file in regressions/, named after the cause, is judged by
// the rule of the fuzz target that its folder is named after.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/inflate_agreement.hpp"
#include "support/png_agreement.hpp"
#include "support/random.hpp"

namespace pixelferry::test {
namespace {

using Rule = std::string (*)(std::span<const std::uint8_t>);

void check_folder(const char* target, Rule disagreement) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{
           std::filesystem::path{PIXELFERRY_REGRESSIONS} / target}) {
    ++files;
    std::ifstream file{entry.path(), std::ios::binary};
    const Bytes bytes{std::istreambuf_iterator<char>{file}, {}};
    const std::string name = entry.path().filename();
    CAPTURE(name);
    REQUIRE_FALSE(bytes.empty());
    CHECK(disagreement(bytes) == "");
  }
  CHECK(files > 0);
}

TEST_CASE("files that a conversion was once wrong about") {
  check_folder("convert", png_disagreement);
}

TEST_CASE("zlib streams that an inflater was once wrong about") {
  check_folder("inflate", inflate_disagreement);
}

}  // namespace
}  // namespace pixelferry::test

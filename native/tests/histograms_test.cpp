// Every time falls into the right bucket of the right histogram, and adds to its sum only.
#include "histograms.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace pixelferry::test {
namespace {

using Counts = std::vector<std::uint64_t>;
using Sums = std::vector<double>;

TEST_CASE("a bound belongs to the bucket below it, what is above all to the last") {
  Counts counts(4);
  Sums sums(1);
  Histograms histograms{counts, sums, {0.5, 1.0, 2.0}};
  const double tiny = std::numeric_limits<double>::denorm_min();
  for (const double seconds : {0.0, -1.0, 0.5}) histograms.observe(0, seconds);
  CHECK(counts == Counts{3, 0, 0, 0});
  for (const double seconds : {std::nextafter(0.5, 1.0), 1.0}) histograms.observe(0, seconds);
  CHECK(counts == Counts{3, 2, 0, 0});
  histograms.observe(0, 2.0);
  CHECK(counts == Counts{3, 2, 1, 0});
  for (const double seconds : {2.0 + 1e-9, 1e300}) histograms.observe(0, seconds);
  CHECK(counts == Counts{3, 2, 1, 2});
  histograms.observe(0, tiny);
  CHECK(counts == Counts{4, 2, 1, 2});
}

TEST_CASE("each histogram has its own cells, and goes on from what is there") {
  Counts counts{10, 20, 30, 40, 50, 60};
  Sums sums{1.0, 2.0, 3.0};
  Histograms histograms{counts, sums, {1.0}};
  REQUIRE(histograms.size() == 3);
  histograms.observe(0, 0.25);
  histograms.observe(1, 4.0);
  histograms.observe(2, 0.5);
  CHECK(counts == Counts{11, 20, 30, 41, 51, 60});
  CHECK(sums == Sums{1.25, 6.0, 3.5});
}

TEST_CASE("memory of the wrong size is refused") {
  Sums sums(2);
  for (const std::size_t size : {0U, 3U, 5U, 6U}) {
    Counts counts(size);
    CHECK_THROWS_AS((Histograms{counts, sums, {1.0}}), std::invalid_argument);
  }
}

}  // namespace
}  // namespace pixelferry::test

// A picture beyond a bound is refused before anything is allocated, and the error says which bound
// and what was asked. Sizes are known from 33 bytes.
#include <doctest/doctest.h>

#include <functional>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

struct Refusal {
  ErrorCode code;
  std::uint64_t allowed;
  std::uint64_t asked;

  friend bool operator==(const Refusal&, const Refusal&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
    return out << refusal.code << ": " << refusal.asked << " of " << refusal.allowed;
  }
};

Refusal refusal_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return {error.code(), error.allowed(), error.asked()};
  }
  FAIL("it was accepted");
  return {};
}

png::Header sized(std::uint32_t width, std::uint32_t height) {
  return {width, height, png::ColorType::gray, 1, false};
}

Refusal refusal_of(const png::Header& header, const Limits& limits) {
  return refusal_of([&] { check_limits(header, limits); });
}

TEST_CASE("each limit is inclusive and named") {
  const Limits limits{.max_pixels = 600, .max_dimension = 100};
  CHECK_NOTHROW(check_limits(sized(100, 6), limits));
  CHECK_NOTHROW(check_limits(sized(6, 100), limits));
  CHECK(refusal_of(sized(101, 1), limits) == Refusal{ErrorCode::dimension_too_large, 100, 101});
  CHECK(refusal_of(sized(1, 101), limits) == Refusal{ErrorCode::dimension_too_large, 100, 101});
  CHECK(refusal_of(sized(100, 7), limits) == Refusal{ErrorCode::too_many_pixels, 600, 700});
}

TEST_CASE("without limits the fields of a BMP file bound the picture") {
  const Limits none{.max_pixels = ~std::uint64_t{0}, .max_dimension = ~std::uint32_t{0}};
  CHECK(refusal_of(sized(40'000, 40'000), none).code == ErrorCode::bmp_too_large);
  CHECK(refusal_of(sized(0x7FFFFFFF, 0x7FFFFFFF), none).code == ErrorCode::bmp_too_large);
}

TEST_CASE("convert enforces the limits before it looks at anything behind the header") {
  const Bytes only_header = joined({signature(), ihdr(sized(7, 1))});
  const Limits limits{.max_pixels = 6, .max_dimension = 7};
  memory::Pool pool{0};
  const Refusal expected{ErrorCode::too_many_pixels, 6, 7};
  CHECK(refusal_of([&] { static_cast<void>(convert(only_header, limits, nullptr, pool)); }) ==
        expected);
  Bytes out(100);
  CHECK(refusal_of([&] { convert_into(only_header, out, limits, nullptr); }) == expected);
  CHECK(pool.stats().mapped == 0);
}

TEST_CASE("inspect tells output size and working set of the largest picture without overflow") {
  const png::Header largest{0x7FFFFFFF, 0x7FFFFFFF, png::ColorType::rgba, 16, true};
  const Inspection found = inspect(joined({signature(), ihdr(largest)}));
  CHECK(found.output_size == 54 + std::uint64_t{6'442'450'944} * 0x7FFFFFFF);
  CHECK(found.working_set == (256U << 10) + 3 * (1 + 8 * std::uint64_t{0x7FFFFFFF}));
}

TEST_CASE("a picture that fits the limits but not the memory is refused as such") {
  // 4 GiB of rows for 120 bytes of file: mapping the block must not be tried before the chunks are
  // found to be wrong.
  const png::Header header{0x10000000, 1, png::ColorType::gray, 1, false};
  const Limits none{.max_pixels = ~std::uint64_t{0}, .max_dimension = ~std::uint32_t{0}};
  memory::Pool pool{0};
  const Bytes file = png_file(header, {});
  CHECK(refusal_of([&] { static_cast<void>(convert(file, none, nullptr, pool)); }).code ==
        ErrorCode::missing_idat);
  CHECK(pool.stats().mapped == 0);
}

}  // namespace
}  // namespace pixelferry::test

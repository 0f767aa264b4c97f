#include "support/outcome.hpp"

namespace pixelferry::test {

Outcome outcome(std::span<const std::uint8_t> png, std::uint8_t poison) {
  const Limits limits{.max_pixels = 100'000'000};
  try {
    const Inspection inspection = inspect(png);
    check_limits(inspection.header, limits);
    Bytes bmp(static_cast<std::size_t>(inspection.output_size), poison);
    convert_into(png, bmp, limits, nullptr);
    return {std::nullopt, std::move(bmp)};
  } catch (const Error& error) {
    return {Fault{error.code(), error.offset()}, {}};
  }
}

}  // namespace pixelferry::test

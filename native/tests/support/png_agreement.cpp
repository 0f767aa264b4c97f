#include "support/png_agreement.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "convert.hpp"
#include "simd.hpp"
#include "support/guarded.hpp"
#include "support/outcome.hpp"
#include "support/plain_inflate.hpp"
#include "support/png_builder.hpp"
#include "support/png_parts.hpp"
#include "support/reference.hpp"
#include "support/simd_levels.hpp"

namespace pixelferry::test {
namespace {

constexpr Limits kLimits{.max_pixels = 1U << 18, .max_dimension = 1U << 18};
constexpr std::size_t kMostScanlines = std::size_t{8} << 20;  // bytes, for 2^18 pixels

struct Disagreement : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename... Parts>
void require(bool right, const Parts&... words) {
  if (right) return;
  std::ostringstream text;
  (text << ... << words);
  throw Disagreement{text.str()};
}

/// Width and height as they stand there, whatever else is wrong.
bool within_limits(std::span<const std::uint8_t> png) {
  if (png.size() < 24) return true;
  std::uint64_t sides[2] = {};
  for (std::size_t i = 0; i < 8; ++i) sides[i / 4] = sides[i / 4] << 8 | png[16 + i];
  return sides[0] * sides[1] <= kLimits.max_pixels;
}

template <typename Convert>
Outcome attempt(SimdLevel level, Convert convert) {
  const SimdLevelGuard guard{level};
  try {
    return {std::nullopt, convert()};
  } catch (const Error& error) {
    return {Fault{error.code(), error.offset()}, {}};
  }
}

/// Into a block of the pool, which has it back afterwards.
Outcome by_block(std::span<const std::uint8_t> png, SimdLevel level) {
  static memory::Pool pool{std::size_t{8} << 20};
  const Outcome found = attempt(level, [&] {
    const Converted converted = convert(png, kLimits, nullptr, pool);
    const std::span<const std::uint8_t> bytes = converted.block.bytes();
    return Bytes{bytes.begin(), bytes.end()};
  });
  require(pool.stats().used_blocks == 0, "a block is not given back");
  return found;
}

/// Into memory of the caller, with forbidden pages around input and output.
Outcome between_guards(std::span<const std::uint8_t> png, SimdLevel level, Random& random) {
  const auto at = random.once_in(2) ? Guarded::At::begin : Guarded::At::end;
  const Guarded in{png, at};
  return attempt(level, [&] {
    const Inspection inspection = inspect(in.bytes());
    check_limits(inspection.header, kLimits);
    const Guarded out{static_cast<std::size_t>(inspection.output_size), at};
    std::ranges::fill(out.bytes(), random.byte());
    const std::size_t size = convert_into(in.bytes(), out.bytes(), kLimits, nullptr);
    require(size == out.bytes().size(), "convert_into returns ", size);
    return Bytes{out.bytes().begin(), out.bytes().end()};
  });
}

void require_equal(const Outcome& one, const Outcome& other, std::string_view what) {
  require(one.fault.has_value() == other.fault.has_value(), what, ": accepted once, refused once");
  if (one.fault) require(*one.fault == *other.fault, what, ": ", *one.fault, ", ", *other.fault);
  const auto [byte, _] = std::ranges::mismatch(one.bmp, other.bmp);
  require(one.bmp == other.bmp, what, ": sizes ", one.bmp.size(), ", ", other.bmp.size(),
          ", first difference at ", byte - one.bmp.begin());
}

/// The same file as lodepng has to see it: without the ancillary chunks that nobody looks into.
Bytes without_ancillary_chunks(PngParts parts) {
  std::erase_if(parts.parts,
                [](const PngPart& part) { return part.is_ancillary() && part.type != "tRNS"; });
  return put_together(parts);
}

bool damaged_ancillary_chunk(const PngParts& parts) {
  return std::ranges::any_of(
      parts.parts, [](const PngPart& part) { return part.is_ancillary() && part.crc_error != 0; });
}

/// What lodepng makes of `parts` with its image data compressed anew: for data that lodepng refuses
/// and this decoder need not.
Reference reference_of_recompressed(PngParts parts) {
  const PlainInflated inflated = plain_inflate_zlib(parts.stream(), kMostScanlines);
  require(inflated.complete, "accepted image data that nobody can read");
  require(!inflated.strict, "accepted image data that is right but for lodepng");
  Bytes stream = zlib_stream(inflated.bytes, 1);
  for (PngPart& part : parts.parts) {
    if (part.type == "IDAT") part.data = std::exchange(stream, {});
  }
  return reference(without_ancillary_chunks(parts));
}

/// biXPelsPerMeter and biYPelsPerMeter, little-endian: from the last whole pHYs, in metres.
Bytes expected_density(const PngParts& parts) {
  Bytes density(8, 0);
  for (const PngPart& part : parts.parts) {
    if (part.type != "pHYs" || part.data.size() != 9) continue;
    density.assign(8, 0);
    const bool known = part.data[8] == 1 && part.data[0] < 0x80 && part.data[4] < 0x80;
    if (!known) continue;
    std::reverse_copy(part.data.begin(), part.data.begin() + 4, density.begin());
    std::reverse_copy(part.data.begin() + 4, part.data.begin() + 8, density.begin() + 4);
  }
  return density;
}

/// lodepng's errors for image data that this decoder may take: see PlainInflated.
bool may_be_taken(unsigned lodepng_error) {
  static constexpr std::array<unsigned, 6> kTolerated{
      13, 14, 15, kUndefinedLength, 18, kIncompleteCode};
  return std::ranges::find(kTolerated, lodepng_error) != kTolerated.end();
}

void check_accepted(const PngParts& parts, const Outcome& found) {
  require(!damaged_ancillary_chunk(parts), "accepted a chunk with a wrong CRC");
  Reference expected = reference(without_ancillary_chunks(parts));
  if (may_be_taken(expected.lodepng_error)) expected = reference_of_recompressed(parts);
  require(expected.lodepng_error == 0, "accepted; lodepng error ", expected.lodepng_error);
  std::ranges::copy(expected_density(parts), expected.bmp.begin() + 38);
  require_equal(found, {std::nullopt, std::move(expected.bmp)}, "lodepng");
}

void check_refused(std::span<const std::uint8_t> png, const PngParts& parts, const Fault& fault) {
  require(info(fault.code).kind == ErrorKind::invalid_png, "ends with ", fault);
  require(fault.offset <= png.size(), "a fault behind the end: ", fault);
  if (damaged_ancillary_chunk(parts)) return;
  const Reference lodepng = reference(without_ancillary_chunks(parts));
  require(lodepng.lodepng_error != 0 || !inflated_by_zlib(parts.stream(), kMostScanlines),
          "refused with ", fault, "; lodepng and zlib accept");
}

/// The same file with its image data cut into IDATs elsewhere.
Bytes cut_anew(PngParts parts, Random& random) {
  const Bytes stream = parts.stream();
  std::span<const std::uint8_t> rest{stream};
  std::vector<PngPart> result;
  // Not thousands of pieces: building them would take longer than everything else.
  const std::size_t most =
      stream.size() / 256 + 1 + random.below(random.once_in(2) ? 20 : 2 * stream.size());
  for (PngPart& part : parts.parts) {
    if (part.type != "IDAT") {
      result.push_back(std::move(part));
      continue;
    }
    while (!rest.empty()) {
      const std::span<const std::uint8_t> piece =
          rest.first(std::min(rest.size(), random.below(most + 1)));
      result.push_back({"IDAT", {piece.begin(), piece.end()}});
      rest = rest.subspan(piece.size());
    }
  }
  parts.parts = std::move(result);
  return put_together(parts);
}

void check(std::span<const std::uint8_t> png) {
  Random random{seed_of(png)};
  const std::vector<SimdLevel> levels = simd_levels();
  const SimdLevel level = levels[random.below(levels.size())];
  const SimdLevel other = level == levels.front() ? levels.back() : levels.front();

  const Outcome found = by_block(png, level);
  if (!within_limits(png)) return require(found.fault.has_value(), "accepted beyond the limits");
  require_equal(found, between_guards(png, other, random), name_of(level));

  const PngParts parts = take_apart(png);
  if (found.fault) return check_refused(png, parts, *found.fault);
  check_accepted(parts, found);
  const Outcome again = by_block(cut_anew(parts, random), other);
  // What is not strict may be refused piece by piece though it was accepted whole, or the reverse.
  if (again.fault && !inflated_by_zlib(parts.stream(), kMostScanlines)) return;
  require_equal(found, again, "other IDATs");
}

}  // namespace

std::string png_disagreement(std::span<const std::uint8_t> png) {
  try {
    check(png);
    return {};
  } catch (const Disagreement& disagreement) {
    return disagreement.what();
  }
}

}  // namespace pixelferry::test

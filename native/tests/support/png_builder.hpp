// Builds PNG files, right or wrong on purpose. Checksums and deflate come from zlib, so that
// nothing here shares code with what is tested.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "png/header.hpp"
#include "support/random.hpp"

namespace pixelferry::test {

/// Appends `more` to `to`.
void append(Bytes& to, std::span<const std::uint8_t> more);
[[nodiscard]] Bytes joined(std::initializer_list<Bytes> parts);
[[nodiscard]] Bytes big_endian(std::uint32_t value);

[[nodiscard]] Bytes signature();
/// Length, type, data and CRC.
[[nodiscard]] Bytes chunk(std::string_view type, std::span<const std::uint8_t> data = {});
/// The same with a wrong CRC.
[[nodiscard]] Bytes damaged_chunk(std::string_view type, std::span<const std::uint8_t> data = {});
[[nodiscard]] Bytes ihdr(const png::Header& header);

/// `data` as IDAT chunks of `piece` bytes.
[[nodiscard]] Bytes idats(std::span<const std::uint8_t> data, std::size_t piece);
[[nodiscard]] Bytes idat(std::span<const std::uint8_t> data);

/// signature + IHDR + `middle` + IEND.
[[nodiscard]] Bytes png_file(const png::Header& header, const Bytes& middle);

/// A zlib stream of `data`; level 0 stores, 9 compresses best.
[[nodiscard]] Bytes zlib_stream(std::span<const std::uint8_t> data, int level = 6);
/// A zlib stream around deflate data made elsewhere; the Adler-32 is that of `inflated`.
[[nodiscard]] Bytes zlib_wrapped(std::span<const std::uint8_t> deflated,
                                 std::span<const std::uint8_t> inflated);

/// Which filter types the rows get.
enum class Filters : std::uint8_t { none, sub, up, average, paeth, mixed };

/// Filtered scanlines of all passes, to be compressed. Any bytes are filtered data of some picture,
/// so they are random: `smooth` gives small differences, which deflate turns into matches, else
/// noise.
[[nodiscard]] Bytes filtered_scanlines(const png::Header& header, Filters filters, bool smooth,
                                       Random& random);

/// A random PLTE of `entries` colors for a palette picture, nothing for the others.
[[nodiscard]] Bytes palette_for(const png::Header& header, std::size_t entries, Random& random);

/// A whole random picture.
[[nodiscard]] Bytes random_png(const png::Header& header, Filters filters, Random& random);

/// All color types with all their bit depths, 1 × 1 and not interlaced.
[[nodiscard]] std::vector<png::Header> all_formats();

}  // namespace pixelferry::test

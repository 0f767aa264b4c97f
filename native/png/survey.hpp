// The first walk over a file: everything but the image data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cancel.hpp"
#include "png/header.hpp"

namespace pixelferry::png {

struct Rgb {
  std::uint8_t red;
  std::uint8_t green;
  std::uint8_t blue;
};

/// What the chunks around the image data say.
struct Survey {
  std::array<Rgb, 256> palette{};  // entries that PLTE does not give are black
  std::uint32_t x_per_metre = 0;   // pixels per metre from pHYs, 0 where unknown
  std::uint32_t y_per_metre = 0;
  std::size_t first_idat = 0;  // its offset in the file
  std::size_t idat_count = 0;
  std::size_t idat_bytes = 0;  // payload of all
  std::uint32_t idat_crc = 0;  // exclusive-or of their CRCs as stored
};

/// Walks the chunks behind the header up to IEND; what follows IEND is ignored. IDAT payload is
/// stepped over, the CRC of every other chunk is checked. As in lodepng, PLTE and tRNS count
/// wherever they stand and a later PLTE replaces an earlier one.
/// Borrows `png` for the call. Throws Error: what ChunkReader::next throws, bad_crc, bad_palette,
/// bad_transparency, unknown_critical_chunk (offset of the chunk); missing_idat, missing_palette
/// (offset of IEND); cancelled.
[[nodiscard]] Survey survey_chunks(std::span<const std::uint8_t> png, const Header& header,
                                   const CancelFlag* cancel);

}  // namespace pixelferry::png

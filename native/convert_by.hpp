// Conversion by a decoder from outside the core, to compare with: with pictures in between, and
// copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cancel.hpp"
#include "convert.hpp"
#include "memory/copies.hpp"
#include "memory/pool.hpp"
#include "rgb_decoder.hpp"

namespace pixelferry {

struct ConvertedBy {
  Converted converted;
  memory::Copies copies;
};

/// As convert(): the same limits before anything is allocated, the same BMP, the same freedom of
/// others to rewrite `png` meanwhile, for which it is copied to a block of `pool`. `cancel` is seen
/// before and after the decoder's work. What the decoder allocates is bounded by the decoder only.
/// Throws Error: what convert() throws for the header, limit_exceeded, refused, cancelled,
/// out_of_memory. Any thread.
ConvertedBy convert_by(const RgbDecoder& decoder, std::span<const std::uint8_t> png,
                       const Limits& limits, const CancelFlag* cancel, memory::Pool& pool);

/// The same as convert_into().
std::size_t convert_into_by(const RgbDecoder& decoder, std::span<const std::uint8_t> png,
                            std::span<std::uint8_t> out, const Limits& limits,
                            const CancelFlag* cancel, memory::Pool& pool);

}  // namespace pixelferry

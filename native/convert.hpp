// PNG bytes in, BMP bytes out: rows go straight into the output block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bmp/layout.hpp"
#include "cancel.hpp"
#include "memory/pool.hpp"
#include "png/header.hpp"

namespace pixelferry {

/// Bounds that a conversion enforces before it allocates anything.
struct Limits {
  std::uint64_t max_pixels = 50'000'000;  // width × height
  std::uint32_t max_dimension = 65'535;   // width and height each

  friend bool operator==(const Limits&, const Limits&) = default;
};

/// What a conversion needs and yields, known from the first 33 bytes of a PNG.
struct Inspection {
  png::Header header;
  std::uint64_t output_size;  // bytes of the BMP file
  std::uint64_t working_set;  // bytes a conversion holds beside input and output
};

struct Converted {
  memory::Block block;  // owns the whole BMP file: block.bytes()
  bmp::Layout layout;
};

/// Reads signature and IHDR (33 bytes; more is ignored) and checks IHDR's CRC.
/// Borrows `png` for the call. Throws Error of kind invalid_png. Any thread.
Inspection inspect(std::span<const std::uint8_t> png);

/// Throws Error of kind limit_exceeded if a picture of this header is beyond `limits` or beyond
/// what a BMP file can hold.
void check_limits(const png::Header& header, const Limits& limits);

/// Converts `png` to a BMP file in a block from `pool`. Borrows `png` for the call; another thread
/// that rewrites it meanwhile gets an error or wrong pixels, never a wild access.
/// Throws Error; on any throw the block is back in the pool. Any thread. `cancel` may be null.
Converted convert(std::span<const std::uint8_t> png, const Limits& limits, const CancelFlag* cancel,
                  memory::Pool& pool);

/// The same, into memory of the caller, who owns it; `out` may be larger than the BMP and must not
/// overlap `png`. Returns the bytes written: Inspection::output_size. After a throw the content of
/// `out` is unspecified.
std::size_t convert_into(std::span<const std::uint8_t> png, std::span<std::uint8_t> out,
                         const Limits& limits, const CancelFlag* cancel);

}  // namespace pixelferry

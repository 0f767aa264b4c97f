// The filtered scanlines of a picture as one stream of bytes: IDAT pieces, inflated.
#pragma once

#include <cstdint>
#include <exception>
#include <span>

#include "cancel.hpp"
#include "errors.hpp"
#include "png/block_density.hpp"
#include "png/idat.hpp"
#include "png/inflate.hpp"

namespace pixelferry::png {

/// Thrown to its maker by a FilteredStream whose blocks are so many that another engine is faster.
struct TooManyBlocks : std::exception {};

/// Yields exactly as many bytes as its user asks for, and faults otherwise. Borrows all it is
/// given. Every fault is an Error at the offset of the IDAT reached.
class FilteredStream {
 public:
  /// `inflater` is at the start of a stream; `cancel` may be null. `density` is new, or null if any
  /// number of blocks is to be taken.
  FilteredStream(Inflater& inflater, IdatReader& idat, BlockDensity* density,
                 const CancelFlag* cancel) noexcept
      : inflater_{inflater}, idat_{idat}, density_{density}, cancel_{cancel} {}

  /// Fills `out`. Throws Error: too_little_data if the zlib stream or the file ends before that,
  /// the faults of Inflater and IdatReader, cancelled. Throws TooManyBlocks.
  void read(std::span<std::uint8_t> out);

  /// Checks what must follow the last scanline: nothing but the end of the zlib stream.
  /// Throws Error: too_much_data, trailing_data, and as read().
  void finish();

  [[noreturn]] void fail(ErrorCode code) { idat_.fail(code); }

 private:
  bool feed_next_piece();
  std::span<const std::uint8_t> next_piece();

  Inflater& inflater_;
  IdatReader& idat_;
  BlockDensity* density_;
  const CancelFlag* cancel_;
  std::size_t piece_bytes_ = 0;  // of the one that is being inflated
};

}  // namespace pixelferry::png

// From the image data to unfiltered scanlines, a window of rows at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cancel.hpp"
#include "png/adam7.hpp"
#include "png/header.hpp"
#include "png/survey.hpp"

namespace pixelferry::png {

/// Receives the scanlines as they become ready; some or all of them twice if they are decoded again
/// from the first one on, and then what came last counts.
class ScanlineSink {
 public:
  ScanlineSink() = default;
  ScanlineSink(const ScanlineSink&) = delete;
  ScanlineSink& operator=(const ScanlineSink&) = delete;

  /// Row `y` of `pass`; `scanline` is header.row_bytes(pass.width) bytes, borrowed for the call.
  virtual void write(const Pass& pass, std::uint32_t y,
                     std::span<const std::uint8_t> scanline) noexcept = 0;

 protected:
  ~ScanlineSink() = default;
};

/// What one decoding holds beside input and output, apart from its rows: inflater, window, stack.
/// Each thread that decodes keeps this much for the next picture.
inline constexpr std::size_t kFixedWorkingSet = std::size_t{256} << 10;

/// Bytes that decode() holds at most: the fixed part and three filtered rows.
[[nodiscard]] std::uint64_t working_set(const Header& header) noexcept;

/// Decodes the IDAT chunks of `png`, which `survey` found, and hands every row of every pass to
/// `sink`. Borrows all; any thread; `cancel` may be null.
/// Throws Error: bad_filter_type, the faults of FilteredStream; std::bad_alloc.
void decode(std::span<const std::uint8_t> png, const Header& header, const Survey& survey,
            ScanlineSink& sink, const CancelFlag* cancel);

}  // namespace pixelferry::png

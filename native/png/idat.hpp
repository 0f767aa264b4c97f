// The second walk over a file: the image data, piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cancel.hpp"
#include "errors.hpp"
#include "png/chunks.hpp"

namespace pixelferry::png {

/// Hands out the payload of all IDAT chunks as pieces of the file, which it borrows; nothing is
/// joined. Each CRC is computed piece by piece, so that the inflater finds the bytes in the cache.
class IdatReader {
 public:
  /// Bytes of a piece at most: a part of a level 2 cache, and what a cancelled conversion may still
  /// inflate (with the worst of data, a quarter of a second). With 64 KiB conversions took up to
  /// 1 % longer, for the inflater moves its window of 32 KiB at the end of each piece.
  static constexpr std::size_t kPieceBytes = std::size_t{128} << 10;

  /// Starts at the first IDAT's offset, which a Survey found. `cancel` may be null.
  IdatReader(std::span<const std::uint8_t> png, std::size_t first_idat,
             const CancelFlag* cancel) noexcept
      : chunks_{png, first_idat}, cancel_{cancel} {}

  /// The next piece, of at most `most` bytes; empty after the last one, and then the CRC of every
  /// IDAT was right. Throws Error: bad_crc, cancelled, and what ChunkReader::next throws on a file
  /// that changes.
  std::span<const std::uint8_t> next(std::size_t most = kPieceBytes);

  /// Reports a fault of the image data at the offset of the IDAT reached: bad_crc instead of
  /// `code` if that chunk is damaged.
  [[noreturn]] void fail(ErrorCode code);

 private:
  bool enter_next_chunk();
  std::span<const std::uint8_t> take(std::size_t most) noexcept;

  ChunkReader chunks_;
  const CancelFlag* cancel_;
  Chunk chunk_{0, ChunkType::idat, {}, 0};  // the IDAT being read, or the last one
  std::span<const std::uint8_t> rest_;
  std::uint32_t crc_ = 0;  // of the current chunk so far; equals chunk_.crc before the first one
  std::size_t chunks_seen_ = 0;
  bool ended_ = false;
};

}  // namespace pixelferry::png

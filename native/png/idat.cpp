#include "png/idat.hpp"

#include <algorithm>

#include "png/crc.hpp"

namespace pixelferry::png {
namespace {

constexpr std::size_t kChunksBetweenLooks = 4096;  // at the cancel flag

}  // namespace

std::span<const std::uint8_t> IdatReader::next(std::size_t most) {
  while (rest_.empty()) {
    if (ended_ || !enter_next_chunk()) return {};
  }
  return take(most);
}

void IdatReader::fail(ErrorCode code) {
  take(rest_.size());
  chunk_.check_crc(crc_);
  throw Error::invalid(code, chunk_.offset);
}

/// Leaves the current IDAT for the next one; false at IEND.
bool IdatReader::enter_next_chunk() {
  chunk_.check_crc(crc_);
  for (;;) {
    const Chunk chunk = chunks_.next();
    if (++chunks_seen_ % kChunksBetweenLooks == 0) throw_if_set(cancel_);
    if (chunk.type == ChunkType::iend) {
      ended_ = true;
      return false;
    }
    if (chunk.type == ChunkType::idat) {
      chunk_ = chunk;
      rest_ = chunk.data;
      crc_ = crc_of_type(ChunkType::idat);
      return true;
    }
  }
}

std::span<const std::uint8_t> IdatReader::take(std::size_t most) noexcept {
  const std::span<const std::uint8_t> piece = rest_.first(std::min(most, rest_.size()));
  rest_ = rest_.subspan(piece.size());
  crc_ = crc32(crc_, piece);
  return piece;
}

}  // namespace pixelferry::png

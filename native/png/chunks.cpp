#include "png/chunks.hpp"

#include <array>

#include "errors.hpp"
#include "png/big_endian.hpp"
#include "png/crc.hpp"

namespace pixelferry::png {
namespace {

constexpr std::size_t kFrameBytes = 12;  // length, type and CRC
constexpr std::uint32_t kMaxLength = 0x7FFFFFFF;

}  // namespace

std::uint32_t crc_of_type(ChunkType type) noexcept {
  const auto value = static_cast<std::uint32_t>(type);
  const std::array<std::uint8_t, 4> letters{
      static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
      static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  return crc32(0, letters);
}

void Chunk::check_crc(std::uint32_t computed) const {
  if (computed != crc) throw Error::invalid(ErrorCode::bad_crc, crc_offset());
}

void Chunk::check_crc() const { check_crc(crc32(crc_of_type(type), data)); }

Chunk ChunkReader::next() {
  const std::span<const std::uint8_t> rest = png_.subspan(offset_);
  if (rest.empty()) throw Error::invalid(ErrorCode::missing_iend, offset_);
  if (rest.size() < kFrameBytes) throw Error::invalid(ErrorCode::truncated, offset_);
  const std::uint32_t length = read_u32(rest.first<4>());
  if (length > kMaxLength) throw Error::invalid(ErrorCode::bad_chunk_length, offset_);
  if (length > rest.size() - kFrameBytes) throw Error::invalid(ErrorCode::truncated, offset_);
  const Chunk chunk{.offset = offset_,
                    .type = ChunkType{read_u32(rest.subspan<4, 4>())},
                    .data = rest.subspan(8, length),
                    .crc = read_u32(rest.subspan(8 + std::size_t{length}).first<4>())};
  offset_ += kFrameBytes + length;
  return chunk;
}

}  // namespace pixelferry::png

// The walk over the chunks of a PNG file (PNG specification 5.3).
//
// Offsets in errors are positions in the file: the chunk's first byte (its length field), except
// bad_crc, which names the CRC field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pixelferry::png {

/// The four letters of a type as a big-endian number. Any other value is a type unknown here.
enum class ChunkType : std::uint32_t {
  idat = 0x49444154,
  iend = 0x49454E44,
  ihdr = 0x49484452,
  plte = 0x504C5445,
  phys = 0x70485973,
  trns = 0x74524E53,
};

/// A decoder may skip an ancillary chunk that it does not know, but no critical one.
[[nodiscard]] constexpr bool is_ancillary(ChunkType type) noexcept {
  return (static_cast<std::uint32_t>(type) & 0x20000000U) != 0;
}

/// CRC-32 of a type's four bytes, to be continued over the data.
[[nodiscard]] std::uint32_t crc_of_type(ChunkType type) noexcept;

/// One chunk; length, type and CRC were read once and are copies, `data` is borrowed.
struct Chunk {
  std::size_t offset;  // of the length field in the file
  ChunkType type;
  std::span<const std::uint8_t> data;
  std::uint32_t crc;  // as stored

  [[nodiscard]] std::size_t crc_offset() const noexcept { return offset + 8 + data.size(); }
  /// Throws Error bad_crc unless `computed` is what the file says.
  void check_crc(std::uint32_t computed) const;
  /// The same for the whole chunk at once.
  void check_crc() const;
};

/// Walks the chunks of a file that it borrows. Whatever the bytes are, or become meanwhile by
/// another thread, a chunk lies within the file.
class ChunkReader {
 public:
  /// Starts at `offset`, at most png.size(): the length field of a chunk.
  ChunkReader(std::span<const std::uint8_t> png, std::size_t offset) noexcept
      : png_{png}, offset_{offset} {}

  /// The next chunk; its CRC is not checked yet.
  /// Throws Error: missing_iend at the end of the file, truncated, bad_chunk_length.
  Chunk next();

 private:
  std::span<const std::uint8_t> png_;
  std::size_t offset_;
};

}  // namespace pixelferry::png

// The chunk walk stays within the file whatever the lengths say, and CRC-32 is the one of PNG.
#include "png/chunks.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include "png/crc.hpp"
#include "support/guarded.hpp"
#include "support/outcome.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

Fault fault_of_next(std::span<const std::uint8_t> bytes, std::size_t offset) {
  png::ChunkReader reader{bytes, offset};
  try {
    static_cast<void>(reader.next());
  } catch (const Error& error) {
    return {error.code(), error.offset()};
  }
  FAIL("the chunk was accepted");
  return {};
}

TEST_CASE("chunks come in order with their places, and the walk ends at the end of the file") {
  const Bytes data{1, 2, 3};
  const Bytes file = joined({chunk("IDAT", data), damaged_chunk("abCd"), chunk("IEND")});
  png::ChunkReader reader{file, 0};
  const png::Chunk first = reader.next();
  CHECK(first.offset == 0);
  CHECK(first.type == png::ChunkType::idat);
  CHECK(first.data.size() == 3);
  CHECK(first.crc_offset() == 11);
  CHECK_NOTHROW(first.check_crc());
  const png::Chunk second = reader.next();
  CHECK(second.offset == 15);
  CHECK(png::is_ancillary(second.type));
  CHECK(second.data.empty());
  CHECK_THROWS_AS(second.check_crc(), Error);
  const png::Chunk third = reader.next();
  CHECK(third.type == png::ChunkType::iend);
  CHECK_FALSE(png::is_ancillary(third.type));
  CHECK(fault_of_next(file, file.size()) == Fault{ErrorCode::missing_iend, file.size()});
}

TEST_CASE("every length between nothing and everything keeps the chunk within the file") {
  Bytes file = chunk("IDAT", Bytes(100, 7));
  const auto with_length = [&](std::uint32_t length) {
    std::ranges::copy(big_endian(length), file.begin());
    return Guarded{file, Guarded::At::end};
  };
  for (std::uint32_t length = 0; length <= 100; ++length) {
    const Guarded guarded = with_length(length);
    const png::Chunk chunk = png::ChunkReader{guarded.bytes(), 0}.next();
    CHECK(chunk.data.size() == length);
  }
  for (const std::uint32_t length : {101U, 112U, 0x7FFFFFF3U, 0x7FFFFFFFU}) {
    CHECK(fault_of_next(with_length(length).bytes(), 0) == Fault{ErrorCode::truncated, 0});
  }
  for (const std::uint32_t length : {0x80000000U, 0xFFFFFFF3U, 0xFFFFFFF4U, 0xFFFFFFFFU}) {
    CHECK(fault_of_next(with_length(length).bytes(), 0) == Fault{ErrorCode::bad_chunk_length, 0});
  }
}

TEST_CASE("a file that ends within a chunk's frame is truncated there") {
  const Bytes file = chunk("IEND");
  for (std::size_t size = 1; size < file.size(); ++size) {
    CHECK(fault_of_next(std::span{file}.first(size), 0) == Fault{ErrorCode::truncated, 0});
  }
}

TEST_CASE("CRC-32 equals zlib's for every length and alignment, whole and in pieces") {
  Random random;
  const Bytes bytes = random.bytes(700);
  for (std::size_t start = 0; start < 16; ++start) {
    for (std::size_t size = 0; size < 600; ++size) {
      const Guarded guarded{std::span{bytes}.subspan(start, size), Guarded::At::end};
      const std::span<const std::uint8_t> in = guarded.bytes();
      const auto expected =
          static_cast<std::uint32_t>(::crc32(0, bytes.data() + start, static_cast<uInt>(size)));
      const std::size_t cut = random.below(size + 1);
      REQUIRE(png::crc32(0, in) == expected);
      REQUIRE(png::crc32(png::crc32(0, in.first(cut)), in.subspan(cut)) == expected);
    }
  }
}

}  // namespace
}  // namespace pixelferry::test

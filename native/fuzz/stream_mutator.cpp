#include "stream_mutator.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "byte_mutation.hpp"
#include "support/deflate_writer.hpp"
#include "support/plain_inflate.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::fuzz {
namespace {

using test::Bytes;
using test::Random;

constexpr std::size_t kZlibHeaderBytes = 2;
constexpr std::size_t kTrailerBytes = 4;
constexpr std::size_t kMostForRandomBlocks = std::size_t{1} << 15;  // they are slow to write

/// With flushes at random places, which make empty and unfinished blocks.
Bytes by_zlib(std::span<const std::uint8_t> data, Random& random) {
  static constexpr std::array<int, 5> kStrategies{Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY,
                                                  Z_RLE, Z_FIXED};
  static constexpr std::array<int, 4> kFlushes{Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH,
                                               Z_BLOCK};
  z_stream zlib{};
  const auto draw = [&](std::size_t from, std::size_t to) {
    return static_cast<int>(from + random.below(to - from + 1));
  };
  if (deflateInit2(&zlib, draw(0, 9), Z_DEFLATED, draw(9, 15), draw(1, 9),
                   kStrategies[random.below(kStrategies.size())]) != Z_OK) {
    throw std::bad_alloc{};
  }
  const std::size_t flushes = random.once_in(2) ? 0 : random.below(4);
  Bytes out(deflateBound(&zlib, static_cast<uLong>(data.size())) + 64 * (flushes + 1));
  zlib.next_out = out.data();
  zlib.avail_out = static_cast<uInt>(out.size());
  zlib.next_in = const_cast<Bytef*>(data.data());
  for (std::size_t left = data.size(), i = 0; i < flushes; ++i) {
    zlib.avail_in = static_cast<uInt>(random.below(left + 1));
    left -= zlib.avail_in;
    deflate(&zlib, kFlushes[random.below(kFlushes.size())]);
    left += zlib.avail_in;
  }
  zlib.avail_in =
      static_cast<uInt>(static_cast<std::size_t>(data.data() + data.size() - zlib.next_in));
  deflate(&zlib, Z_FINISH);
  out.resize(zlib.total_out);
  deflateEnd(&zlib);
  return out;
}

/// The Adler-32 that the deflate data asks for; as it was if that does not come to an end.
void repair_adler(Bytes& stream) {
  if (stream.size() < kZlibHeaderBytes) return;
  const test::PlainInflated plain =
      test::plain_inflate(std::span{stream}.subspan(kZlibHeaderBytes), kMostInflated);
  if (!plain.complete) return;
  stream.resize(kZlibHeaderBytes + plain.read);
  const uLong adler = adler32(1, plain.bytes.data(), static_cast<uInt>(plain.bytes.size()));
  test::append(stream, test::big_endian(static_cast<std::uint32_t>(adler)));
}

void flip_bits(Bytes& stream, std::size_t reach, Random& random) {
  reach = std::min(reach, stream.size());
  if (reach <= kZlibHeaderBytes) return;
  for (std::size_t i = 1 + random.below(3); i > 0; --i) {
    std::uint8_t& byte = stream[kZlibHeaderBytes + random.below(reach - kZlibHeaderBytes)];
    byte ^= static_cast<std::uint8_t>(1U << random.below(8));
  }
}

}  // namespace

Bytes inflated(std::span<const std::uint8_t> stream) {
  if (auto bytes = test::inflated_by_zlib(stream, kMostInflated)) return std::move(*bytes);
  if (stream.size() < kZlibHeaderBytes) return {};
  return test::plain_inflate(stream.subspan(kZlibHeaderBytes), kMostInflated).bytes;
}

Bytes compressed(std::span<const std::uint8_t> data, Random& random) {
  if (data.size() > kMostForRandomBlocks || random.once_in(2)) return by_zlib(data, random);
  const std::size_t kind = random.below(8);
  const auto codes = kind == 0   ? test::Codes::wrong
                     : kind <= 2 ? test::Codes::gaps
                                 : test::Codes::complete;
  return test::zlib_wrapped(test::random_deflate(data, codes, random), data);
}

Bytes mutated_stream(Bytes stream, std::size_t most, Random& random) {
  switch (random.below(6)) {
    case 0:
      flip_bits(stream, stream.size(), random);
      if (!random.once_in(4)) repair_adler(stream);
      return stream;
    case 1:  // a block's header decides most
      flip_bits(stream, 60, random);
      if (!random.once_in(4)) repair_adler(stream);
      return stream;
    case 2:
      mutate_bytes(stream, most);
      if (random.once_in(2)) repair_adler(stream);
      return stream;
    case 3: {
      Bytes data = inflated(stream);
      mutate_bytes(data, std::min(kMostInflated, data.size() + 4096));
      return compressed(data, random);
    }
    case 4:
      if (random.once_in(2)) {
        stream.resize(stream.size() - random.below(std::min(stream.size(), kTrailerBytes + 2) + 1));
      } else {
        test::append(stream, random.bytes(1 + random.below(9)));
      }
      return stream;
    default:
      return compressed(inflated(stream), random);
  }
}

}  // namespace pixelferry::fuzz

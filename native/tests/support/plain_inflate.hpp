// A zlib stream read bit by bit, as RFC 1950 and 1951 have it: slow and short. It also reads what
// some decoders take though it is not allowed, so that whatever is accepted can be judged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "support/random.hpp"

namespace pixelferry::test {

/// Taken though not allowed: Huffman codes that leave bit patterns undefined, if none is met; more
/// codes than symbols (HLIT above 286, HDIST above 30); code lengths repeated beyond the last code;
/// the symbols 286 and 287 for 258 bytes; a 1 where the only symbol has the code 0, and any bit for
/// symbol 0 where none has a code.
struct PlainInflated {
  bool complete = false;  // the last block ended
  bool strict = true;     // false: there was one of the things above
  std::size_t read = 0;   // bytes of the input that the deflate data takes, if complete
  Bytes bytes;            // what came out as far as it went; at most `most`
};

/// Reads deflate data, and stops at the first fault or before more than `most` bytes came out.
[[nodiscard]] PlainInflated plain_inflate(std::span<const std::uint8_t> deflated, std::size_t most);

/// The same for a zlib stream, which is complete if it also has the right header and Adler-32 and
/// ends with that.
[[nodiscard]] PlainInflated plain_inflate_zlib(std::span<const std::uint8_t> stream,
                                               std::size_t most);

}  // namespace pixelferry::test

// Raw inflating by zlib-ng.
#pragma once

#include <zlib-ng.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "png/raw_inflate.hpp"

namespace pixelferry::png {

/// Inflates raw deflate data piece by piece. Not thread-safe. zlib-ng is as strict as zlib.
class ZlibNgInflater {
 public:
  ZlibNgInflater();  // throws std::bad_alloc if zlib-ng needs more memory than is set aside here
  ~ZlibNgInflater();
  ZlibNgInflater(const ZlibNgInflater&) = delete;
  ZlibNgInflater& operator=(const ZlibNgInflater&) = delete;

  /// Makes ready for new data.
  void reset() noexcept;

  /// Reads from the front of `in` and writes to the front of `out`, which it may scribble on behind
  /// that, until one of them is used up or the data ends. Both are below 4 GiB.
  RawProgress inflate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) noexcept;

 private:
  /// zlib-ng's state and its window of 32 KiB, for which it asks once.
  alignas(64) std::array<std::byte, std::size_t{48} << 10> memory_;
  zng_stream stream_{};
};

}  // namespace pixelferry::png

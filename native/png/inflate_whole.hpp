// Decompression of a zlib stream that lies in one piece, hiding the library that does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct libdeflate_decompressor;

namespace pixelferry::png {

/// The library behind WholeInflater and its version.
[[nodiscard]] const char* whole_inflate_engine() noexcept;

/// Inflates small streams in less time than Inflater does: docs/conversion.md has the figures.
/// Reusable; not thread-safe. Behind it stands libdeflate, which is as strict as lodepng, except
/// that it takes the length symbols 286 and 287, which RFC 1951 does not allow, for 258, that older
/// versions cut off a run of code lengths that goes beyond the last one, and that it decodes bits
/// which a code of one symbol or none leaves undefined.
class WholeInflater {
 public:
  /// Bytes of heap memory that one holds at most.
  static constexpr std::size_t kStateBytes = std::size_t{16} << 10;

  WholeInflater();  // throws std::bad_alloc

  /// Whether `stream` is one zlib stream and nothing else, is right in all that Inflater checks,
  /// and yields as many bytes as `out` has. They are there then; else `out` is unspecified.
  [[nodiscard]] bool inflate(std::span<const std::uint8_t> stream,
                             std::span<std::uint8_t> out) noexcept;

 private:
  struct Free {
    void operator()(libdeflate_decompressor* state) const noexcept;
  };
  std::unique_ptr<libdeflate_decompressor, Free> state_;
};

}  // namespace pixelferry::png

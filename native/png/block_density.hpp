// How much of a deflate stream is headers of blocks, estimated while it is inflated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace pixelferry::png {

/// Tells streams of many short blocks from pictures. ISA-L makes large tables for every block with
/// codes of its own, however short it is: up to 75 µs for one of 29 bytes. It does not count
/// blocks, but one can see whether the input given so far ends inside a header. Of what encoders
/// write at most a fiftieth is headers; where short blocks cost more time than zlib-ng's worst,
/// more than a twentieth is. So the input is cut at places that its maker cannot foresee, and it is
/// counted how many of them lie in headers.
///
/// The places follow from a number that the whole file decides about, so that the same file is
/// always judged alike. Who wants to evade has to try files: docs/conversion.md says how far that
/// leads.
class BlockDensity {
 public:
  /// `seed`: Survey::idat_crc.
  explicit BlockDensity(std::uint32_t seed) noexcept : places_{seed}, left_{draw()} {}

  /// Bytes of input up to the next place, at least one: no piece may be larger.
  [[nodiscard]] std::size_t bytes_to_place() const noexcept { return left_; }

  /// To be told of each piece, at most bytes_to_place() bytes, when it is used up, and whether it
  /// ends inside a header.
  void note(std::size_t bytes, bool in_header) noexcept;

  /// Whether there are more headers than in any picture: of n places more than 2 + n / 20 lie in
  /// one.
  [[nodiscard]] bool excessive() const noexcept { return in_headers_ > 2 + places_seen_ / 20; }

 private:
  /// From one place to the next: half of the span to all of it.
  std::size_t draw() noexcept { return span_ / 2 + places_() % (span_ / 2); }

  // Spans double up to that of a piece, so that short streams are judged too: three places lie
  // within the first 112 KiB.
  std::size_t span_ = std::size_t{16} << 10;
  std::minstd_rand places_;
  std::size_t left_;
  std::size_t places_seen_ = 0;
  std::size_t in_headers_ = 0;
};

}  // namespace pixelferry::png

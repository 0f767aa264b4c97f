// The checksums of a conversion alone, as the core computes them: their share of its time.
#include <algorithm>
#include <memory>
#include <stdexcept>

#include "contender.hpp"
#include "png/adler.hpp"
#include "png/crc.hpp"
#include "png_parts.hpp"

namespace pixelferry::bench {
namespace {

/// The core sums what it has just inflated, which is still in the cache; so is this much.
constexpr std::size_t kWindowBytes = std::size_t{64} << 10;

}  // namespace

Contender checksums() {
  const auto prepare = [](Bytes png) -> Job {
    const auto parts = std::make_shared<PngParts>(parts_of(png));
    return [parts](const Sink& sink) {
      std::uint32_t sums = 0;
      for (const Bytes chunk : parts->checked) sums ^= png::crc32(0, chunk);
      std::uint32_t adler = 1;
      for (std::size_t left = parts->filtered.size(); left != 0;) {
        const std::size_t size = std::min(left, kWindowBytes);
        adler = png::adler32(adler, Bytes{parts->filtered}.first(size));
        left -= size;
      }
      sums ^= adler;
      sink({reinterpret_cast<const std::uint8_t*>(&sums), sizeof sums});
    };
  };
  return {.name = "checksums", .version = "", .prepare = prepare};
}

}  // namespace pixelferry::bench

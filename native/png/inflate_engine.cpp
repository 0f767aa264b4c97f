#include "png/inflate_engine.hpp"

#include <isa-l.h>
#ifdef PIXELFERRY_ZLIB_NG
#include <zlib-ng.h>
#endif

#include <algorithm>
#include <atomic>

namespace pixelferry::png {
namespace {

constexpr InflateEngine kEngines[]{
    InflateEngine::isal,
#ifdef PIXELFERRY_ZLIB_NG
    InflateEngine::zlib_ng,
#endif
};
constexpr bool kHasZlibNg =
    std::ranges::find(kEngines, InflateEngine::zlib_ng) != std::end(kEngines);

// Of 150 pictures none below 4 was inflated faster by zlib-ng, and none above 6 by ISA-L.
constexpr std::uint64_t kFlatRatio = 6;
// ISA-L makes large tables for each block: 5 µs even if there is nothing in it. Up to 4 KiB zlib-ng
// was the faster one by a quarter, up to 8 KiB both were equal.
constexpr std::uint64_t kFewBytes = std::uint64_t{8} << 10;

std::atomic<std::optional<InflateEngine>> forced{};

}  // namespace

std::span<const InflateEngine> inflate_engines() noexcept { return kEngines; }

std::string inflate_versions() {
  std::string versions =
      "isa-l " + std::to_string(ISAL_MAJOR_VERSION) + "." + std::to_string(ISAL_MINOR_VERSION);
#ifdef PIXELFERRY_ZLIB_NG
  versions += ", zlib-ng " ZLIBNG_VERSION;
#endif
  return versions;
}

InflateEngine fastest_inflate_engine(std::uint64_t filtered, std::uint64_t deflated) noexcept {
  if (const auto engine = forced.load(std::memory_order_relaxed)) return *engine;
  const bool stored = deflated >= filtered;
  const bool flat = filtered / kFlatRatio >= deflated;
  return kHasZlibNg && (stored || flat || deflated <= kFewBytes) ? InflateEngine::zlib_ng
                                                                 : InflateEngine::isal;
}

InflateEngine steadiest_inflate_engine() noexcept {
  return kHasZlibNg ? InflateEngine::zlib_ng : InflateEngine::isal;
}

void force_inflate_engine(std::optional<InflateEngine> engine) noexcept {
  forced.store(engine, std::memory_order_relaxed);
}

}  // namespace pixelferry::png

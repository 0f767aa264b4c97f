// pixelferry as the service calls it: blocks from a pool, given back after every conversion.
#include <string_view>

#include "contender.hpp"
#include "convert.hpp"
#include "memory/pool.hpp"
#include "png/inflate_engine.hpp"
#include "simd.hpp"

namespace pixelferry::bench {
namespace {

Contender at(SimdLevel level, std::string name) {
  const auto prepare = [level](Bytes png) -> Job {
    return [png, level](const Sink& sink) {
      set_simd_level(level);
      const Converted converted = convert(png, Limits{}, nullptr, memory::Pool::shared());
      sink(converted.block.bytes());
    };
  };
  return {.name = std::move(name), .version = png::inflate_versions(), .prepare = prepare};
}

/// This machine's kind has this level, or it would be a second name for a lower one.
bool exists(SimdLevel level) {
#if defined(__aarch64__)
  return level <= SimdLevel::neon;
#else
  return level != SimdLevel::neon;
#endif
}

}  // namespace

std::vector<Contender> pixelferry_at_each_level() {
  const SimdLevel best = best_simd_level();
  std::vector<Contender> list{at(best, "pixelferry")};
  for (int level = 0; level <= static_cast<int>(best); ++level) {
    const auto lowered = static_cast<SimdLevel>(level);
    if (exists(lowered)) {
      list.push_back(at(lowered, "pixelferry/" + std::string{name_of(lowered)}));
    }
  }
  return list;
}

}  // namespace pixelferry::bench

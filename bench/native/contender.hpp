// What the benchmark times: one PNG turned into one 24-bit BMP, or a part of that as a limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace pixelferry::bench {

using Bytes = std::span<const std::uint8_t>;

/// Borrows the result for the length of the call; what comes after it frees or reuses the memory.
using Sink = std::function<void(Bytes)>;

/// One run over a PNG that was given before. Throws on failure.
using Job = std::function<void(const Sink&)>;

/// Somebody who does the work. All of it is single-threaded.
struct Contender {
  std::string name;
  std::string version;                // of the library behind it
  std::function<Job(Bytes)> prepare;  // borrows the PNG as long as the job lives; not timed
};

/// Every contender that could be built here, pixelferry first. Any thread.
const std::vector<Contender>& contenders();

// One file each; contenders.cpp lists them.
std::vector<Contender> pixelferry_at_each_level();
Contender article();
Contender lodepng_tight();
Contender spng();
Contender libpng();
std::vector<Contender> limits();
Contender checksums();

}  // namespace pixelferry::bench

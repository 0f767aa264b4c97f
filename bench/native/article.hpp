// The obvious code, whoever calls it: the benchmark in memory, or node (node/article_addon.cpp).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pixelferry::bench {

/// Decodes by lodepng and pushes a 24-bit BMP back byte by byte. Throws std::runtime_error. Any
/// thread.
std::vector<unsigned char> article_bmp(std::span<const std::uint8_t> png);

}  // namespace pixelferry::bench

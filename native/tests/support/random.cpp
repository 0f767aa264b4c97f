#include "support/random.hpp"

#include <cstdlib>
#include <string>

namespace pixelferry::test {

std::uint64_t seed() {
  static const std::uint64_t chosen = [] {
    const char* const asked = std::getenv("PIXELFERRY_TEST_SEED");
    return asked != nullptr ? std::stoull(asked) : std::uint64_t{std::random_device{}()};
  }();
  return chosen;
}

std::uint64_t seed_of(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3;
  return hash;
}

Bytes Random::bytes(std::size_t count) {
  Bytes result(count);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i, word >>= 8) {
    if (i % sizeof(word) == 0) word = engine_();
    result[i] = static_cast<std::uint8_t>(word);
  }
  return result;
}

}  // namespace pixelferry::test

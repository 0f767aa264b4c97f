#include "byte_mutation.hpp"

#include <algorithm>
#include <span>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

namespace pixelferry::fuzz {

void mutate_bytes(test::Bytes& bytes, std::size_t most) {
  const std::size_t size = std::min(bytes.size(), most);
  bytes.resize(std::max<std::size_t>(most, 1));
  bytes.resize(LLVMFuzzerMutate(bytes.data(), size, bytes.size()));
}

void mutate_stretch(test::Bytes& bytes, test::Random& random) {
  if (bytes.empty()) return;
  const std::size_t at = random.below(bytes.size());
  const std::size_t size = 1 + random.below(std::min<std::size_t>(bytes.size() - at, 64));
  const std::span<const std::uint8_t> old = std::span{bytes}.subspan(at, size);
  test::Bytes stretch{old.begin(), old.end()};
  mutate_bytes(stretch, size);
  std::ranges::copy(stretch, bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

std::size_t hand_over(const test::Bytes& made, std::uint8_t* data, std::size_t size,
                      std::size_t room) {
  if (made.size() > room) return LLVMFuzzerMutate(data, size, room);
  std::ranges::copy(made, data);
  return made.size();
}

}  // namespace pixelferry::fuzz

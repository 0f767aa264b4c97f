// Inflates any bytes in random pieces and compares with zlib and with a plain reading of RFC 1951.
#include <cstdlib>
#include <iostream>

#include "byte_mutation.hpp"
#include "stream_mutator.hpp"
#include "support/inflate_agreement.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string disagreement = pixelferry::test::inflate_disagreement({data, size});
  if (disagreement.empty()) return 0;
  std::cerr << "disagreement: " << disagreement << '\n';
  std::abort();
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t room, unsigned seed) {
  pixelferry::test::Random random{seed};
  const auto made = pixelferry::fuzz::mutated_stream({data, data + size}, room, random);
  return pixelferry::fuzz::hand_over(made, data, size, room);
}

// Converts any bytes and compares with lodepng: acceptance, every byte of the BMP, SIMD levels.
#include <cstdlib>
#include <iostream>

#include "byte_mutation.hpp"
#include "png_mutator.hpp"
#include "support/png_agreement.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string disagreement = pixelferry::test::png_disagreement({data, size});
  if (disagreement.empty()) return 0;
  std::cerr << "disagreement: " << disagreement << '\n';
  std::abort();
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t room, unsigned seed) {
  const auto made = pixelferry::fuzz::mutated_png({data, size}, room, seed);
  return pixelferry::fuzz::hand_over(made, data, size, room);
}

// pixelferry._lodepng: lodepng for pixelferry._native to convert with. A module of its own, so that
// nobody loads lodepng who did not ask for it. Its typed twin is _lodepng.pyi.
#include <pybind11/pybind11.h>

#include "lodepng_decoder.hpp"

PYBIND11_MODULE(_lodepng, m) {
  m.doc() = "lodepng, the reference of what a PNG means, as a decoder for pixelferry._native.";
  m.attr("version") = pixelferry::lodepng_version();
  m.attr("decoder") =
      pybind11::capsule(&pixelferry::lodepng_decoder(), pixelferry::kRgbDecoderCapsule);
}

// pixelferry._native: the core's Python face, part by part. Its typed twin is _native.pyi.
#include <pybind11/pybind11.h>

#include <string>

#include "bindings/register.hpp"
#include "png/inflate_engine.hpp"
#include "png/inflate_whole.hpp"

PYBIND11_MODULE(_native, m) {
  using namespace pixelferry::bindings;
  m.doc() =
      "Native core of pixelferry. Functions release the GIL while they work; all are thread-safe.";
  m.attr("__version__") = PIXELFERRY_VERSION;
  m.attr("engine") =
      pixelferry::png::inflate_versions() + ", " + pixelferry::png::whole_inflate_engine();

  register_errors(m);
  register_account(m);
  register_buffers(m);
  register_request_buffer(m);
  register_convert(m);
  register_convert_by(m);
  register_histograms(m);
  register_rotate(m);
  register_pool(m);
  register_pickling(m);
  register_simd(m);
}

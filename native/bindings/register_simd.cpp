// Which instructions the kernels use.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <string>

#include "bindings/register.hpp"
#include "simd.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kLevelsDoc = "The SIMD levels that this CPU runs, best first, scalar last.";
constexpr const char* kSetLevelDoc =
    "Make conversions that begin later use this level, in the whole process. For tests and\n"
    "benchmarks: each level gives the same bytes. Raises ValueError for any other than\n"
    "simd_levels().";

py::list simd_levels() {
  py::list names;
  for (const SimdLevel level : usable_simd_levels()) names.append(name_of(level));
  return names;
}

void set_simd_level_by_name(const std::string& name) {
  const std::span<const SimdLevel> levels = usable_simd_levels();
  const auto level = std::ranges::find(levels, name, name_of);
  if (level == levels.end()) {
    throw py::value_error("no SIMD level of this CPU: " + name);
  }
  set_simd_level(*level);
}

}  // namespace

void register_simd(py::module_& m) {
  m.attr("simd") = name_of(best_simd_level());
  m.def("simd_levels", simd_levels, kLevelsDoc);
  m.def("set_simd_level", set_simd_level_by_name, "name"_a, kSetLevelDoc);
}

}  // namespace pixelferry::bindings

// Histograms in cells of shared memory.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "bindings/borrowed_bytes.hpp"
#include "bindings/register.hpp"
#include "histograms.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kHistogramsDoc =
    "Histograms with the same `bounds` (ascending) that lie one after the other in memory that\n"
    "other processes may read meanwhile: in `counts` unsigned numbers of 8 bytes, one for each\n"
    "bucket and one for what is above all bounds; in `sums` one double each. Exports both as long\n"
    "as it lives. One thread at a time. Raises ValueError if the sizes do not agree or the memory\n"
    "is not aligned to 8, BufferError if it is read-only.";
constexpr const char* kObserveDoc =
    "Count a time in each histogram, in their order. Raises ValueError if there are more or fewer.";

template <typename T>
std::span<T> cells(const BorrowedBytes& memory) {
  const std::span<std::uint8_t> bytes = memory.writable();
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % sizeof(T) != 0 ||
      bytes.size() % sizeof(T) != 0) {
    throw py::value_error("the memory is not made of aligned cells of 8 bytes");
  }
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

/// Histograms with the exports that keep their memory.
class ExportedHistograms {
 public:
  ExportedHistograms(const py::buffer& counts, const py::buffer& sums, std::vector<double> bounds)
      : counts_{counts, BorrowedBytes::Access::write},
        sums_{sums, BorrowedBytes::Access::write},
        histograms_{cells<std::uint64_t>(counts_), cells<double>(sums_), std::move(bounds)} {}

  void observe(const py::args& seconds) {
    if (seconds.size() != histograms_.size()) {
      throw py::value_error("as many times are needed as there are histograms");
    }
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      const double time = PyFloat_AsDouble(PyTuple_GET_ITEM(seconds.ptr(), i));
      if (time == -1.0 && PyErr_Occurred() != nullptr) throw py::error_already_set();
      histograms_.observe(i, time);
    }
  }

 private:
  BorrowedBytes counts_;
  BorrowedBytes sums_;
  Histograms histograms_;
};

}  // namespace

void register_histograms(py::module_& m) {
  py::class_<ExportedHistograms>(m, "Histograms", py::is_final(), kHistogramsDoc)
      .def(py::init<const py::buffer&, const py::buffer&, std::vector<double>>(), "counts"_a,
           "sums"_a, "bounds"_a)
      .def("observe", &ExportedHistograms::observe, kObserveDoc);
}

}  // namespace pixelferry::bindings

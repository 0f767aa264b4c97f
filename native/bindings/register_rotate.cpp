// Byte rotation.
#include <pybind11/pybind11.h>

#include <memory>

#include "bindings/borrowed_bytes.hpp"
#include "bindings/owned_buffer.hpp"
#include "bindings/register.hpp"
#include "bindings/without_gil.hpp"
#include "rotate.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kInPlaceDoc =
    "Add `by` (any integer, taken modulo 256) to every byte of `buffer`, in place. Borrows it for\n"
    "the call. Raises BufferError if it is read-only.";
constexpr const char* kSplitDoc =
    "One pass, two results: return owned memory with every byte minus `by`, and add `by` to every\n"
    "byte of `buffer` in place. `by` is taken modulo 256. Raises BufferError, OutOfMemory.";

std::uint8_t modulo_256(const py::int_& by) {
  const unsigned long long low = PyLong_AsUnsignedLongLongMask(by.ptr());  // modulo 2^64
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  return static_cast<std::uint8_t>(low);
}

}  // namespace

void register_rotate(py::module_& m) {
  m.def(
      "rotate_in_place",
      [](const py::buffer& buffer, const py::int_& by) {
        const std::uint8_t step = modulo_256(by);
        const BorrowedBytes bytes{buffer, BorrowedBytes::Access::write};
        const WithoutGil running;
        rotate_in_place(bytes.writable(), step);
      },
      "buffer"_a, "by"_a, kInPlaceDoc);
  m.def(
      "rotate_split",
      [](const py::buffer& buffer, const py::int_& by) {
        const std::uint8_t step = modulo_256(by);
        const BorrowedBytes bytes{buffer, BorrowedBytes::Access::write};
        const WithoutGil running;
        memory::Block inverse = memory::Pool::shared().acquire(bytes.writable().size());
        rotate_split(bytes.writable(), inverse.bytes(), step);
        return std::make_unique<OwnedBuffer>(
            std::make_shared<const memory::OwnedBytes>(std::move(inverse)));
      },
      "buffer"_a, "by"_a, kSplitDoc);
}

}  // namespace pixelferry::bindings

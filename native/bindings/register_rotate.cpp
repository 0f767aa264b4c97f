// Byte rotation.
#include <pybind11/pybind11.h>

#include <memory>
#include <span>
#include <utility>

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
    "byte of `buffer` in place. `by` is taken modulo 256. `reservation` goes with the\n"
    "result as in convert. Raises BufferError, OutOfMemory.";

std::uint8_t modulo_256(const py::int_& by) {
  const unsigned long long low = PyLong_AsUnsignedLongLongMask(by.ptr());  // modulo 2^64
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  return static_cast<std::uint8_t>(low);
}

py::object split(const py::buffer& buffer, const py::int_& by, memory::Reservation* reservation) {
  const std::uint8_t step = modulo_256(by);
  const BorrowedBytes bytes{buffer, BorrowedBytes::Access::write};
  std::shared_ptr<memory::OwnedBytes> owned;
  std::unique_ptr<OwnedBuffer> result;
  {
    const WithoutGil running;
    memory::Block inverse = memory::Pool::shared().acquire(bytes.writable().size());
    const std::span<std::uint8_t> to = inverse.bytes();
    owned = std::make_shared<memory::OwnedBytes>(std::move(inverse));
    result = std::make_unique<OwnedBuffer>(owned);
    rotate_split(bytes.writable(), to, step);
  }
  return hand_over(std::move(result), *owned, reservation);
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
  m.def("rotate_split", split, "buffer"_a, "by"_a, py::kw_only(), "reservation"_a = py::none(),
        kSplitDoc);
}

}  // namespace pixelferry::bindings

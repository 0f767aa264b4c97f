// request_buffer, and the bytearray that ends a reservation with its memory.
#include <pybind11/pybind11.h>
#include <structmember.h>

#include <array>
#include <cstddef>
#include <utility>

#include "bindings/register.hpp"
#include "memory/account.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kTypeDoc =
    "A bytearray whose `reservation` ends when its memory is freed, wherever its last reference\n"
    "dies.";
constexpr const char* kRequestBufferDoc =
    "A bytearray of n bytes that is NOT zeroed (bytearray(n) would touch every page): hand on "
    "what\n"
    "was written to it, nothing else. With a reservation it is a RequestBuffer.";

struct RequestBuffer {
  PyByteArrayObject bytes;
  PyObject* reservation;  // owned, a Reservation
};

/// The bytes are freed first: no moment in which they are resident and not reserved.
void deallocate(PyObject* self) {
  const auto type = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(Py_TYPE(self)));
  const auto reservation =
      py::reinterpret_steal<py::object>(reinterpret_cast<RequestBuffer*>(self)->reservation);
  PyByteArray_Type.tp_dealloc(self);
  if (reservation) py::cast<memory::Reservation&>(reservation).release();
}

std::array<PyMemberDef, 2> members{{
    {"reservation", T_OBJECT_EX, offsetof(RequestBuffer, reservation), READONLY,
     "Ends when the memory is freed."},
    {nullptr, 0, 0, 0, nullptr},
}};

py::object make_type() {
  std::array<PyType_Slot, 4> slots{{
      {Py_tp_doc, const_cast<char*>(kTypeDoc)},
      {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
      {Py_tp_members, members.data()},
      {0, nullptr},
  }};
  PyType_Spec spec{.name = "pixelferry._native.RequestBuffer",
                   .basicsize = sizeof(RequestBuffer),
                   .itemsize = 0,
                   .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                   .slots = slots.data()};
  PyObject* const type =
      PyType_FromSpecWithBases(&spec, reinterpret_cast<PyObject*>(&PyByteArray_Type));
  if (type == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(type);
}

py::object new_bytearray(PyTypeObject* type) {
  const py::tuple nothing;
  auto made =
      py::reinterpret_steal<py::object>(PyByteArray_Type.tp_new(type, nothing.ptr(), nullptr));
  if (!made || PyByteArray_Type.tp_init(made.ptr(), nothing.ptr(), nullptr) != 0) {
    throw py::error_already_set();
  }
  return made;
}

py::object request_buffer(const py::object& reserving_type, py::ssize_t n,
                          memory::Reservation* reservation) {
  if (n < 0) throw py::value_error("n must not be negative");
  py::object buffer =
      new_bytearray(reservation == nullptr ? &PyByteArray_Type
                                           : reinterpret_cast<PyTypeObject*>(reserving_type.ptr()));
  // In two steps: where memory is short, making it large at once has CPython report a SystemError.
  if (PyByteArray_Resize(buffer.ptr(), n) != 0) throw py::error_already_set();
  if (reservation != nullptr) {
    // The object that the caller has, not a new one.
    py::object same = py::cast(reservation, py::return_value_policy::reference);
    reinterpret_cast<RequestBuffer*>(buffer.ptr())->reservation = same.release().ptr();
  }
  return buffer;
}

}  // namespace

void register_request_buffer(py::module_& m) {
  py::object type = make_type();
  m.attr("RequestBuffer") = type;
  m.def(
      "request_buffer",
      [type = std::move(type)](py::ssize_t n, memory::Reservation* reservation) {
        return request_buffer(type, n, reservation);
      },
      "n"_a, py::kw_only(), "reservation"_a = py::none(), kRequestBufferDoc);
}

}  // namespace pixelferry::bindings

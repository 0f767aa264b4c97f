// Pickle protocol 5 hands the bytes over out of band, without a copy (PEP 574); below it, a counted
// copy travels in the stream. Nothing else of the module can be pickled.
#include <pybind11/pybind11.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "bindings/owned_buffer.hpp"
#include "bindings/register.hpp"
#include "memory/copies.hpp"

namespace py = pybind11;

namespace pixelferry::bindings {
namespace {

constexpr int kOutOfBandProtocol = 5;

py::object payload(const py::object& self, int protocol) {
  if (protocol >= kOutOfBandProtocol) {
    PyObject* const buffer = PyPickleBuffer_FromObject(self.ptr());
    if (buffer == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(buffer);
  }
  const memory::OwnedBytesRef held = py::cast<const OwnedBuffer&>(self).bytes();
  const std::span<const std::uint8_t> from = held->bytes();
  auto copy = py::reinterpret_steal<py::object>(
      PyBytes_FromStringAndSize(nullptr, static_cast<py::ssize_t>(from.size())));
  if (!copy) throw py::error_already_set();
  auto* const to = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(copy.ptr()));
  memory::copy_bytes({to, from.size()}, from);
  return copy;
}

std::unique_ptr<OwnedBuffer> rebuild_buffer(const py::buffer& bytes) {
  return std::make_unique<OwnedBuffer>(adopt(bytes, py::none()));
}

std::unique_ptr<Bitmap> rebuild_bitmap(const py::buffer& bytes, std::uint32_t width,
                                       std::uint32_t height) {
  const bmp::Layout layout = bmp::layout_24(width, height);
  memory::OwnedBytesRef owned = adopt(bytes, py::none());
  if (owned->bytes().size() != layout.file_size) {
    throw py::value_error("the buffer is no bitmap of that width and height");
  }
  return std::make_unique<Bitmap>(std::move(owned), layout);
}

/// A module function that pickle stores by its name; pybind11's own it stores as code to evaluate.
/// The wrapped function hangs on the module under a second name.
template <const char* Wrapped>
PyObject* call_wrapped(PyObject* module, PyObject* args) {
  const auto function = py::reinterpret_steal<py::object>(PyObject_GetAttrString(module, Wrapped));
  return function ? PyObject_Call(function.ptr(), args, nullptr) : nullptr;
}

constexpr char kBufferImpl[] = "_rebuild_buffer_impl";
constexpr char kBitmapImpl[] = "_rebuild_bitmap_impl";

std::array<PyMethodDef, 3> rebuilders{{
    {"_rebuild_buffer", call_wrapped<kBufferImpl>, METH_VARARGS, nullptr},
    {"_rebuild_bitmap", call_wrapped<kBitmapImpl>, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
}};

/// As Python does for protocol 2 and up; below it, pickle would have pybind11 make an object of its
/// base class, which ends the process.
void forbid_pickling(const py::object& type, const char* method = "__reduce__") {
  const std::string refusal =
      "cannot pickle '" + py::cast<std::string>(type.attr("__name__")) + "' object";
  type.attr(method) =
      py::cpp_function([refusal](const py::args& /*self*/) { throw py::type_error(refusal); },
                       py::name(method), py::is_method(type));
}

}  // namespace

void register_pickling(py::module_& m) {
  m.def(kBufferImpl, rebuild_buffer);
  m.def(kBitmapImpl, rebuild_bitmap);
  if (PyModule_AddFunctions(m.ptr(), rebuilders.data()) != 0) throw py::error_already_set();

  m.attr("OwnedBuffer").attr("__reduce_ex__") = py::cpp_function(
      [rebuild = m.attr("_rebuild_buffer")](const py::object& self, int protocol) {
        return py::make_tuple(rebuild, py::make_tuple(payload(self, protocol)));
      },
      py::name("__reduce_ex__"), py::is_method(m.attr("OwnedBuffer")));
  m.attr("Bitmap").attr("__reduce_ex__") = py::cpp_function(
      [rebuild = m.attr("_rebuild_bitmap")](const py::object& self, int protocol) {
        const bmp::Layout& layout = py::cast<const Bitmap&>(self).layout();
        return py::make_tuple(rebuild,
                              py::make_tuple(payload(self, protocol), layout.width, layout.height));
      },
      py::name("__reduce_ex__"), py::is_method(m.attr("Bitmap")));

  // The owners travel by __reduce_ex__ alone; Bitmap inherits the refusal.
  for (const char* const name :
       {"Account", "CancelFlag", "Header", "Limits", "OwnedBuffer", "PoolStats", "Reservation"}) {
    forbid_pickling(m.attr(name));
  }
  // What it has from bytearray would promise an object that cannot be made.
  forbid_pickling(m.attr("RequestBuffer"), "__reduce_ex__");
}

}  // namespace pixelferry::bindings

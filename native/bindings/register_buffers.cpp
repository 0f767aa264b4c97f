// OwnedBuffer, Bitmap and the ways to make the first: copy, adoption.
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>

#include "bindings/borrowed_bytes.hpp"
#include "bindings/owned_buffer.hpp"
#include "bindings/register.hpp"
#include "bindings/without_gil.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kOwnedBufferDoc =
    "Read-only bytes in memory that the native side owns.\n\n"
    "Exports the buffer protocol (contiguous, format B) without a copy: memoryview(buffer) and "
    "all\n"
    "slices of it keep the memory alive; it goes back when the last export is released, on "
    "whatever\n"
    "thread. `copies` and `copied_bytes` say what was copied to make it. Thread-safe.";
constexpr const char* kReleaseDoc =
    "Drop the object's own hold. Memory under an export stays until that is released; new exports\n"
    "raise BufferError.";
constexpr const char* kBitmapDoc =
    "A whole BMP file in owned memory: headers and rows. `width`, `height` in pixels, `stride` in\n"
    "bytes from row to row (a multiple of 4), `depth` in bits per pixel.";
constexpr const char* kRowsDoc =
    "The pixel rows as a view of shape (height, stride), without a copy; rows[0] is the bottom "
    "row.";
constexpr const char* kCopyOfDoc =
    "Copy the bytes of `buffer` (borrowed for the call) into owned memory: the one explicit copy,\n"
    "counted in the result and in copy_totals(). Raises OutOfMemory.";
constexpr const char* kAdoptDoc =
    "Own foreign memory without a copy: `buffer` stays exported and `keep` alive until the last\n"
    "export of the result is released. The owner must not write to it meanwhile. The garbage\n"
    "collector does not see this hold: if `keep` refers to the result, neither is ever freed.";
py::object rows(const py::object& self) {
  const bmp::Layout& layout = py::cast<const Bitmap&>(self).layout();
  const auto begin = static_cast<py::ssize_t>(layout.pixel_offset);
  const auto size = static_cast<py::ssize_t>(layout.stride * layout.height);
  const py::object pixels = py::memoryview(self)[py::slice(begin, begin + size, 1)];
  return pixels.attr("cast")("B", py::make_tuple(layout.height, layout.stride));
}

std::unique_ptr<OwnedBuffer> copy_of(const py::buffer& buffer) {
  const BorrowedBytes in{buffer};
  const WithoutGil running;
  return std::make_unique<OwnedBuffer>(memory::copy_of(in.bytes(), memory::Pool::shared()));
}

}  // namespace

void register_buffers(py::module_& m) {
  py::class_<OwnedBuffer>(m, "OwnedBuffer", py::custom_type_setup(export_owned_bytes),
                          kOwnedBufferDoc)
      .def_property_readonly("nbytes",
                             [](const OwnedBuffer& b) { return b.bytes()->bytes().size(); })
      .def_property_readonly("copies", [](const OwnedBuffer& b) { return b.copies().passes; })
      .def_property_readonly("copied_bytes", [](const OwnedBuffer& b) { return b.copies().bytes; })
      .def("release", &OwnedBuffer::release, kReleaseDoc)
      .def("__len__", [](const OwnedBuffer& b) { return b.bytes()->bytes().size(); })
      .def("__enter__", [](const py::object& self) { return self; })
      .def("__exit__", [](OwnedBuffer& b, const py::args&) { b.release(); });

  py::class_<Bitmap, OwnedBuffer>(m, "Bitmap", py::is_final(),
                                  py::custom_type_setup(export_owned_bytes), kBitmapDoc)
      .def_property_readonly("width", [](const Bitmap& b) { return b.layout().width; })
      .def_property_readonly("height", [](const Bitmap& b) { return b.layout().height; })
      .def_property_readonly("stride", [](const Bitmap& b) { return b.layout().stride; })
      .def_property_readonly("depth", [](const Bitmap& b) { return b.layout().depth; })
      .def_property_readonly("rows", rows, kRowsDoc);

  m.def("copy_of", copy_of, "buffer"_a, kCopyOfDoc);
  m.def(
      "adopt",
      [](const py::buffer& buffer, py::object keep) {
        return std::make_unique<OwnedBuffer>(adopt(buffer, std::move(keep)));
      },
      "buffer"_a, py::kw_only(), "keep"_a, kAdoptDoc);
}

}  // namespace pixelferry::bindings

// inspect, convert, convert_into and the types they take.
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>

#include "bindings/borrowed_bytes.hpp"
#include "bindings/owned_buffer.hpp"
#include "bindings/register.hpp"
#include "bindings/without_gil.hpp"
#include "convert.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kLimitsDoc =
    "Bounds checked before anything is allocated: `max_pixels` for width × height,\n"
    "`max_dimension` for width and height each.";
constexpr const char* kCheckDoc =
    "Raise LimitExceeded if a picture of this header is beyond the limits or beyond what a BMP "
    "file\n"
    "can hold.";
constexpr const char* kHeaderDoc =
    "IHDR of a PNG (PNG specification 11.2.1), and what converting it takes: `output_size`, the\n"
    "bytes of the BMP file, and `working_set`, the bytes held beside input and output.";
constexpr const char* kCancelFlagDoc =
    "Tells a running conversion to stop within a few rows: it raises Cancelled. Thread-safe.";
constexpr const char* kInspectDoc =
    "Read signature and IHDR; 33 bytes are enough, more is ignored. Raises InvalidPng.";
constexpr const char* kConvertDoc =
    "Convert a PNG to a 24-bit BMP file in owned, pooled memory.\n\n"
    "Borrows `png` for the call: resizing it meanwhile raises BufferError, writing to it gives an\n"
    "error or wrong pixels. The bytes of `reservation` go with the bitmap's memory, and end after\n"
    "it went back to the pool, on whatever thread; after an error the reservation has them still.\n"
    "Raises InvalidPng, LimitExceeded, Cancelled, OutOfMemory.";
constexpr const char* kConvertIntoDoc =
    "Convert a PNG straight into memory that the caller owns; return the bytes written\n"
    "(inspect(png).output_size). `out` may be larger and must not overlap `png` (ValueError).\n"
    "After an error the content of `out` is unspecified.";

py::object convert_png(const py::buffer& png, const Limits& limits, const CancelFlag* cancel,
                       memory::Reservation* reservation) {
  const BorrowedBytes in{png};
  std::shared_ptr<memory::OwnedBytes> owned;
  std::unique_ptr<Bitmap> bitmap;
  {
    const WithoutGil running;
    Converted converted = convert(in.bytes(), limits, cancel, memory::Pool::shared());
    owned = std::make_shared<memory::OwnedBytes>(std::move(converted.block));
    bitmap = std::make_unique<Bitmap>(owned, converted.layout);
  }
  return hand_over(std::move(bitmap), *owned, reservation);
}

std::size_t convert_png_into(const py::buffer& png, const py::buffer& out, const Limits& limits,
                             const CancelFlag* cancel) {
  const BorrowedBytes in{png};
  const BorrowedBytes to{out, BorrowedBytes::Access::write};
  require_apart(in, to);
  const WithoutGil running;
  return convert_into(in.bytes(), to.writable(), limits, cancel);
}

}  // namespace

void register_convert(py::module_& m) {
  py::class_<Inspection>(m, "Header", py::is_final(), py::custom_type_setup(forbid_construction),
                         kHeaderDoc)
      .def_property_readonly("width", [](const Inspection& i) { return i.header.width; })
      .def_property_readonly("height", [](const Inspection& i) { return i.header.height; })
      .def_property_readonly(
          "color_type", [](const Inspection& i) { return static_cast<int>(i.header.color_type); })
      .def_property_readonly("bit_depth", [](const Inspection& i) { return i.header.bit_depth; })
      .def_property_readonly("interlace",
                             [](const Inspection& i) { return i.header.interlaced ? 1 : 0; })
      .def_readonly("output_size", &Inspection::output_size)
      .def_readonly("working_set", &Inspection::working_set);

  py::class_<Limits>(m, "Limits", py::is_final(), kLimitsDoc)
      .def(py::init([](std::uint64_t max_pixels, std::uint32_t max_dimension) {
             return Limits{.max_pixels = max_pixels, .max_dimension = max_dimension};
           }),
           py::kw_only(), "max_pixels"_a = Limits{}.max_pixels,
           "max_dimension"_a = Limits{}.max_dimension)
      .def_readonly("max_pixels", &Limits::max_pixels)
      .def_readonly("max_dimension", &Limits::max_dimension)
      .def(
          "check",
          [](const Limits& limits, const Inspection& i) { check_limits(i.header, limits); },
          "header"_a, kCheckDoc);

  py::class_<CancelFlag>(m, "CancelFlag", py::is_final(), kCancelFlagDoc)
      .def(py::init<>())
      .def("set", &CancelFlag::set)
      .def("is_set", &CancelFlag::is_set);

  m.def(
      "inspect", [](const py::buffer& png) { return inspect(BorrowedBytes{png}.bytes()); }, "png"_a,
      kInspectDoc);
  m.def("convert", convert_png, "png"_a, py::kw_only(), "limits"_a = Limits{},
        "cancel"_a = py::none(), "reservation"_a = py::none(), kConvertDoc);
  m.def("convert_into", convert_png_into, "png"_a, "out"_a, py::kw_only(), "limits"_a = Limits{},
        "cancel"_a = py::none(), kConvertIntoDoc);
}

}  // namespace pixelferry::bindings

// convert_by and convert_into_by: conversion by a decoder that another module hands over.
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>

#include "bindings/borrowed_bytes.hpp"
#include "bindings/owned_buffer.hpp"
#include "bindings/register.hpp"
#include "bindings/without_gil.hpp"
#include "convert_by.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kConvertByDoc =
    "Convert as `convert` does, by the decoder in a capsule such as "
    "pixelferry._lodepng.decoder.\n\n"
    "It works on a copy of `png`, which the bitmap's `copies` tell, and holds a whole picture; "
    "its\n"
    "memory knows no bound of ours. What it refuses raises InvalidPng with an `offset` of 0.\n"
    "`cancel` is seen before and after its work.";
constexpr const char* kConvertIntoByDoc =
    "Convert as `convert_into` does, by the decoder in a capsule; see `convert_by`.";

const RgbDecoder& decoder_in(const py::capsule& capsule) {
  const void* const decoder = PyCapsule_GetPointer(capsule.ptr(), kRgbDecoderCapsule);
  if (decoder == nullptr) throw py::error_already_set();  // ValueError: another capsule
  return *static_cast<const RgbDecoder*>(decoder);
}

std::unique_ptr<Bitmap> convert_png_by(const py::capsule& capsule, const py::buffer& png,
                                       const Limits& limits, const CancelFlag* cancel) {
  const RgbDecoder& decoder = decoder_in(capsule);
  const BorrowedBytes in{png};
  const WithoutGil running;
  auto [converted, copies] =
      convert_by(decoder, in.bytes(), limits, cancel, memory::Pool::shared());
  return std::make_unique<Bitmap>(
      std::make_shared<const memory::OwnedBytes>(std::move(converted.block), copies),
      converted.layout);
}

std::size_t convert_png_into_by(const py::capsule& capsule, const py::buffer& png,
                                const py::buffer& out, const Limits& limits,
                                const CancelFlag* cancel) {
  const RgbDecoder& decoder = decoder_in(capsule);
  const BorrowedBytes in{png};
  const BorrowedBytes to{out, BorrowedBytes::Access::write};
  require_apart(in, to);
  const WithoutGil running;
  return convert_into_by(decoder, in.bytes(), to.writable(), limits, cancel,
                         memory::Pool::shared());
}

}  // namespace

void register_convert_by(py::module_& m) {
  m.def("convert_by", convert_png_by, "decoder"_a, "png"_a, py::kw_only(), "limits"_a = Limits{},
        "cancel"_a = py::none(), kConvertByDoc);
  m.def("convert_into_by", convert_png_into_by, "decoder"_a, "png"_a, "out"_a, py::kw_only(),
        "limits"_a = Limits{}, "cancel"_a = py::none(), kConvertIntoByDoc);
}

}  // namespace pixelferry::bindings

// Error → the Python exception of its kind.
#include <pybind11/gil_safe_call_once.h>
#include <pybind11/pybind11.h>

#include <new>
#include <string>

#include "bindings/register.hpp"
#include "errors.hpp"

namespace py = pybind11;

namespace pixelferry::bindings {
namespace {

constexpr const char* kBaseDoc =
    "Base of all that pixelferry raises by itself. `code` is stable and machine-readable.";
constexpr const char* kInvalidPngDoc =
    "The bytes are no valid PNG. `offset` is the byte of the file at which the fault was found; 0\n"
    "if `code` is refused_by_lodepng, which does not tell.";
constexpr const char* kLimitExceededDoc =
    "A valid request beyond a bound: `limit` is what is allowed, `asked` what was asked for, both "
    "in\n"
    "the bound's unit (pixels or bytes).";
constexpr const char* kCancelledDoc = "The conversion saw its CancelFlag.";
constexpr const char* kOutOfMemoryDoc = "There is not enough memory for the output.";

struct ErrorTypes {
  py::object base, invalid_png, limit_exceeded, cancelled, out_of_memory;
};

py::object make_type(const char* name, const char* doc, const py::object& bases) {
  PyObject* type = PyErr_NewExceptionWithDoc(name, doc, bases.ptr(), nullptr);
  if (type == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(type);
}

ErrorTypes make_types() {
  const py::object base = make_type("pixelferry.PixelferryError", kBaseDoc,
                                    py::reinterpret_borrow<py::object>(PyExc_Exception));
  return {
      .base = base,
      .invalid_png = make_type("pixelferry.InvalidPng", kInvalidPngDoc, base),
      .limit_exceeded = make_type("pixelferry.LimitExceeded", kLimitExceededDoc, base),
      .cancelled = make_type("pixelferry.Cancelled", kCancelledDoc, base),
      .out_of_memory = make_type("pixelferry.OutOfMemory", kOutOfMemoryDoc,
                                 py::make_tuple(base, py::handle{PyExc_MemoryError})),
  };
}

const ErrorTypes& types() {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<ErrorTypes> storage;
  return storage.call_once_and_store_result(make_types).get_stored();
}

const py::object& type_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_png:
    case ErrorKind::refused:
      return types().invalid_png;
    case ErrorKind::limit_exceeded:
      return types().limit_exceeded;
    case ErrorKind::cancelled:
      return types().cancelled;
    case ErrorKind::out_of_memory:
      break;
  }
  return types().out_of_memory;
}

void set_python_error(const Error& error) {
  const ErrorInfo& known = info(error.code());
  const py::object& type = type_of(known.kind);
  std::string message = error.what();
  if (known.kind == ErrorKind::refused) message.append(": ").append(error.reason());
  const py::object value = type(message);
  value.attr("code") = known.name;
  if (type.is(types().invalid_png)) value.attr("offset") = error.offset();
  if (known.kind == ErrorKind::limit_exceeded) {
    value.attr("limit") = error.allowed();
    value.attr("asked") = error.asked();
  }
  PyErr_SetObject(type.ptr(), value.ptr());
}

void translate(std::exception_ptr pending) {  // NOLINT(*-unnecessary-value-param): pybind11 asks so
  if (!pending) return;
  try {
    std::rethrow_exception(pending);
  } catch (const Error& error) {
    set_python_error(error);
  } catch (const std::bad_alloc&) {
    set_python_error(Error::of(ErrorCode::out_of_memory));
  }
}

}  // namespace

void register_errors(py::module_& m) {
  m.attr("PixelferryError") = types().base;
  m.attr("InvalidPng") = types().invalid_png;
  m.attr("LimitExceeded") = types().limit_exceeded;
  m.attr("Cancelled") = types().cancelled;
  m.attr("OutOfMemory") = types().out_of_memory;
  py::register_local_exception_translator(translate);
}

}  // namespace pixelferry::bindings

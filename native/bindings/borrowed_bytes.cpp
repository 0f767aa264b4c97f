#include "bindings/borrowed_bytes.hpp"

#include <functional>
#include <string_view>

namespace pixelferry::bindings {
namespace {

/// Whether a format (PEP 3118) has a code for Python objects; between colons stand names of fields.
bool holds_objects(std::string_view format) {
  bool in_name = false;
  for (const char c : format) {
    if (c == ':') in_name = !in_name;
    if (c == 'O' && !in_name) return true;
  }
  return false;
}

}  // namespace

BorrowedBytes::BorrowedBytes(pybind11::handle object, Access access) {
  if (PyObject_GetBuffer(object.ptr(), &view_, static_cast<int>(access)) != 0) {
    throw pybind11::error_already_set();
  }
  if (access == Access::write && view_.format != nullptr && holds_objects(view_.format)) {
    PyBuffer_Release(&view_);
    throw pybind11::buffer_error("the memory holds Python objects");
  }
}

BorrowedBytes::~BorrowedBytes() { PyBuffer_Release(&view_); }

std::span<const std::uint8_t> BorrowedBytes::bytes() const noexcept { return writable(); }

std::span<std::uint8_t> BorrowedBytes::writable() const noexcept {
  return {static_cast<std::uint8_t*>(view_.buf), static_cast<std::size_t>(view_.len)};
}

void require_apart(const BorrowedBytes& png, const BorrowedBytes& out) {
  const std::span<const std::uint8_t> a = png.bytes();
  const std::span<const std::uint8_t> b = out.bytes();
  const std::less<const std::uint8_t*> before;
  if (before(a.data(), b.data() + b.size()) && before(b.data(), a.data() + a.size())) {
    throw pybind11::value_error("png and out overlap");
  }
}

}  // namespace pixelferry::bindings

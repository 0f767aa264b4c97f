#include "bindings/owned_buffer.hpp"

#include <memory>
#include <utility>

#include "bindings/borrowed_bytes.hpp"

namespace py = pybind11;

namespace pixelferry::bindings {
namespace {

int get_buffer(PyObject* self, Py_buffer* view, int flags) noexcept {
  try {
    memory::OwnedBytesRef bytes = py::cast<const OwnedBuffer&>(py::handle{self}).bytes();
    auto reference = std::make_unique<memory::OwnedBytesRef>(std::move(bytes));
    const std::span<const std::uint8_t> memory = (*reference)->bytes();
    // Py_buffer has no const; the read-only flag keeps writers out.
    if (PyBuffer_FillInfo(view, self, const_cast<std::uint8_t*>(memory.data()),
                          static_cast<Py_ssize_t>(memory.size()), 1, flags) != 0) {
      return -1;
    }
    view->internal = reference.release();
    return 0;
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_BufferError, error.what());
  }
  view->obj = nullptr;
  return -1;
}

void release_buffer(PyObject* /*self*/, Py_buffer* view) noexcept {
  const std::unique_ptr<memory::OwnedBytesRef> reference{
      static_cast<memory::OwnedBytesRef*>(view->internal)};
}

}  // namespace

memory::OwnedBytesRef OwnedBuffer::bytes() const {
  const std::lock_guard lock{mutex_};
  if (!bytes_) throw py::buffer_error("the buffer was released");
  return bytes_;
}

void OwnedBuffer::release() noexcept {
  memory::OwnedBytesRef dropped;  // outlives the lock: a finalizer may come back here
  const std::lock_guard lock{mutex_};
  std::swap(dropped, bytes_);
}

memory::OwnedBytesRef adopt(const py::buffer& buffer, py::object keep) {
  struct Kept {
    Kept(const py::buffer& buffer, py::object object) : view{buffer}, keep{std::move(object)} {}
    BorrowedBytes view;
    py::object keep;
  };
  auto kept = std::make_shared<Kept>(buffer, std::move(keep));
  const std::span<const std::uint8_t> bytes = kept->view.bytes();
  memory::Finalizer finalizer{[kept = std::move(kept)]() mutable {
    const py::gil_scoped_acquire gil;
    kept.reset();
  }};
  return std::make_shared<const memory::OwnedBytes>(bytes, std::move(finalizer));
}

void export_owned_bytes(PyHeapTypeObject* type) {
  type->as_buffer.bf_getbuffer = get_buffer;
  type->as_buffer.bf_releasebuffer = release_buffer;
  type->ht_type.tp_as_buffer = &type->as_buffer;
  forbid_construction(type);
}

void forbid_construction(PyHeapTypeObject* type) {
  type->ht_type.tp_flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION;
}

}  // namespace pixelferry::bindings

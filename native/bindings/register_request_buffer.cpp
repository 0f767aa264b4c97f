// request_buffer, and the bytearray that ends a reservation with its memory.
#include <pybind11/pybind11.h>
#include <structmember.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "bindings/register.hpp"
#include "bindings/request_buffer.hpp"
#include "memory/account.hpp"
#include "memory/pool.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kTypeDoc =
    "A bytearray whose `reservation` ends when its memory is freed, wherever its last reference\n"
    "dies. A large one lies in a block of the pool, which it gives back before: request_capacity\n"
    "tells from which size on. Such a one is never resized, BufferError says so.";
constexpr const char* kRequestBufferDoc =
    "A bytearray of n bytes that is NOT zeroed (bytearray(n) would touch every page): hand on "
    "what\n"
    "was written to it, nothing else. With a reservation, which should have the bytes that\n"
    "request_capacity(n) tells, it is a RequestBuffer.";
constexpr const char* kRequestCapacityDoc =
    "Bytes of the memory of a RequestBuffer of n bytes: n, or those of its block.";

// From here on malloc maps memory for each (in the service, see MALLOC_MMAP_THRESHOLD_) and unmaps
// it at the end, so that every page is faulted in again; below it reuses what was freed. Figures:
// bench/results/2026-11-22-request-buffers.md
constexpr std::size_t kPooledFrom = std::size_t{128} * 1024;

// CPython 3.15 keeps the bytes of a bytearray in a bytes object. Whoever extends this: see in
// Objects/bytearrayobject.c that nothing but a resize, which an export forbids, frees ob_bytes.
#if PY_VERSION_HEX < 0x030F0000 && !defined(PYPY_VERSION)
constexpr bool kLayoutIsKnown = true;
static_assert(sizeof(PyByteArrayObject) == sizeof(PyVarObject) + 4 * sizeof(void*));
#else
constexpr bool kLayoutIsKnown = false;
#endif

struct RequestBuffer {
  PyByteArrayObject bytes;
  PyObject* reservation;  // owned, a Reservation
  memory::Block* block;   // owned, has the bytes; null if they are CPython's
};

/// Makes `buffer`, an empty one, the owner of `block`, whose last byte is the NUL that a bytearray
/// has behind its bytes. The export, by nobody, is what keeps CPython from resizing memory that it
/// does not own.
void lend(RequestBuffer& buffer, memory::Block block) {
  buffer.block = std::make_unique<memory::Block>(std::move(block)).release();
  const std::span<std::uint8_t> bytes = buffer.block->bytes();
  bytes.back() = 0;
  PyByteArrayObject& array = buffer.bytes;
  array.ob_bytes = array.ob_start = reinterpret_cast<char*>(bytes.data());
  array.ob_alloc = static_cast<Py_ssize_t>(buffer.block->capacity());
  Py_SET_SIZE(&array, static_cast<Py_ssize_t>(bytes.size() - 1));
  ++array.ob_exports;
}

/// What lend did, undone.
std::unique_ptr<memory::Block> take_back(RequestBuffer& buffer) noexcept {
  if (buffer.block == nullptr) return nullptr;
  --buffer.bytes.ob_exports;
  buffer.bytes.ob_bytes = buffer.bytes.ob_start = nullptr;
  return std::unique_ptr<memory::Block>{std::exchange(buffer.block, nullptr)};
}

/// The bytes are freed first: no moment in which they are resident and not reserved.
void deallocate(PyObject* self) {
  const auto type = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(Py_TYPE(self)));
  const auto reservation =
      py::reinterpret_steal<py::object>(reinterpret_cast<RequestBuffer*>(self)->reservation);
  std::unique_ptr<memory::Block> block = take_back(*reinterpret_cast<RequestBuffer*>(self));
  PyByteArray_Type.tp_dealloc(self);
  block.reset();
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

/// In two steps: where memory is short, making it large at once has CPython report a SystemError.
py::object new_bytearray(PyTypeObject* type, py::ssize_t n) {
  py::object made = new_bytearray(type);
  if (PyByteArray_Resize(made.ptr(), n) != 0) throw py::error_already_set();
  return made;
}

py::object request_buffer(const py::object& reserving_type, py::ssize_t n,
                          memory::Reservation* reservation) {
  if (n < 0) throw py::value_error("n must not be negative");
  if (reservation == nullptr) return new_bytearray(&PyByteArray_Type, n);
  auto* const type = reinterpret_cast<PyTypeObject*>(reserving_type.ptr());
  const std::size_t in_block = request_block_size(static_cast<std::size_t>(n));
  py::object made = new_bytearray(type, in_block == 0 ? n : 0);
  auto& buffer = *reinterpret_cast<RequestBuffer*>(made.ptr());
  if (in_block != 0) lend(buffer, memory::Pool::shared().acquire(in_block));
  // The object that the caller has, not a new one.
  py::object same = py::cast(reservation, py::return_value_policy::reference);
  buffer.reservation = same.release().ptr();
  return made;
}

std::size_t request_capacity(std::size_t n) {
  const std::size_t in_block = request_block_size(n);
  return in_block == 0 ? n : memory::capacity_for(in_block);
}

}  // namespace

std::size_t request_block_size(std::size_t n) noexcept {
  if (!kLayoutIsKnown || n < kPooledFrom) return 0;
  return std::min(n, std::numeric_limits<std::size_t>::max() - 1) + 1;  // the most fits nowhere
}

void register_request_buffer(py::module_& m) {
  py::object type = make_type();
  m.attr("RequestBuffer") = type;
  m.def(
      "request_buffer",
      [type = std::move(type)](py::ssize_t n, memory::Reservation* reservation) {
        return request_buffer(type, n, reservation);
      },
      "n"_a, py::kw_only(), "reservation"_a = py::none(), kRequestBufferDoc);
  m.def("request_capacity", request_capacity, "n"_a, kRequestCapacityDoc);
}

}  // namespace pixelferry::bindings

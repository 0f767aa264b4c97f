// A view of a Python object's memory for the length of a call.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <span>

namespace pixelferry::bindings {

/// Exports `object` as contiguous bytes; while it lives, a bytearray cannot be resized. Memory to
/// write to must say what it holds: bytes written over references would crash the interpreter.
/// Construct and destroy with the GIL held; read without it.
class BorrowedBytes {
 public:
  enum class Access : std::uint8_t { read = PyBUF_SIMPLE, write = PyBUF_CONTIG | PyBUF_FORMAT };

  /// Throws error_already_set: TypeError without a buffer, BufferError (ValueError from NumPy) if
  /// it is strided or read-only. Throws buffer_error if Python objects were to be written over.
  explicit BorrowedBytes(pybind11::handle object, Access access = Access::read);
  ~BorrowedBytes();
  BorrowedBytes(const BorrowedBytes&) = delete;
  BorrowedBytes& operator=(const BorrowedBytes&) = delete;
  BorrowedBytes(BorrowedBytes&&) = delete;
  BorrowedBytes& operator=(BorrowedBytes&&) = delete;

  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept;
  /// Only with Access::write.
  [[nodiscard]] std::span<std::uint8_t> writable() const noexcept;

 private:
  Py_buffer view_{};
};

/// Throws pybind11::value_error if an output overlaps its input.
void require_apart(const BorrowedBytes& png, const BorrowedBytes& out);

}  // namespace pixelferry::bindings

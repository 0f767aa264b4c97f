// The Python objects that own native memory and export it.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "bmp/layout.hpp"
#include "memory/account.hpp"
#include "memory/owned_bytes.hpp"

namespace pixelferry::bindings {

/// Holds one reference to the bytes until release(); each export holds one of its own, so the
/// memory goes back when the last of them is gone, on whatever thread.
class OwnedBuffer {
 public:
  explicit OwnedBuffer(memory::OwnedBytesRef bytes) noexcept
      : copies_{bytes->copies()}, bytes_{std::move(bytes)} {}

  /// The bytes. Throws pybind11::buffer_error after release().
  [[nodiscard]] memory::OwnedBytesRef bytes() const;
  void release() noexcept;
  [[nodiscard]] memory::Copies copies() const noexcept { return copies_; }

 private:
  const memory::Copies copies_;
  mutable std::mutex mutex_;
  memory::OwnedBytesRef bytes_;
};

/// A BMP file in owned memory.
class Bitmap : public OwnedBuffer {
 public:
  Bitmap(memory::OwnedBytesRef bytes, const bmp::Layout& layout) noexcept
      : OwnedBuffer{std::move(bytes)}, layout_{layout} {}

  [[nodiscard]] const bmp::Layout& layout() const noexcept { return layout_; }

 private:
  const bmp::Layout layout_;
};

/// The object to return, with the bytes of `reservation`, which may be null, attached to its
/// memory; if that cannot be made, they stay where they are. GIL held.
template <class Buffer>
pybind11::object hand_over(std::unique_ptr<Buffer> made, memory::OwnedBytes& owned,
                           memory::Reservation* reservation) {
  pybind11::object object = pybind11::cast(std::move(made));
  if (reservation != nullptr) owned.attach(reservation->take());
  return object;
}

/// Keeps `buffer`'s export and `keep` alive as long as the bytes. GIL held.
[[nodiscard]] memory::OwnedBytesRef adopt(const pybind11::buffer& buffer, pybind11::object keep);

/// For custom_type_setup: exports by reference (pybind11's own buffer protocol tells nobody when an
/// export is released) and no construction from Python (a bare __new__ would hold no bytes).
void export_owned_bytes(PyHeapTypeObject* type);
void forbid_construction(PyHeapTypeObject* type);

}  // namespace pixelferry::bindings

// A file descriptor that is closed by whoever holds it.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace pixelferry::bench {

class Descriptor {
 public:
  /// Takes what a system call has returned. Throws std::system_error, naming `what`, if that
  /// failed.
  Descriptor(int descriptor, const char* what) : descriptor_{descriptor} {
    if (descriptor < 0) throw std::system_error{errno, std::generic_category(), what};
  }
  Descriptor(Descriptor&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Throws std::system_error, naming `what`, if a system call that returned `result` has failed.
inline void check(int result, const char* what) {
  if (result < 0) throw std::system_error{errno, std::generic_category(), what};
}

}  // namespace pixelferry::bench

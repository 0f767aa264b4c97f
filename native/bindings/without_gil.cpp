#include "bindings/without_gil.hpp"

#include <unistd.h>

namespace pixelferry::bindings {
namespace {

/// Stops the thread for good if the stack is unwound through it.
class NoWayBack {
 public:
  NoWayBack() = default;
  ~NoWayBack() {
    while (armed_) ::pause();
  }
  NoWayBack(const NoWayBack&) = delete;
  NoWayBack& operator=(const NoWayBack&) = delete;

  void disarm() noexcept { armed_ = false; }

 private:
  bool armed_ = true;
};

}  // namespace

WithoutGil::~WithoutGil() noexcept(false) {  // NOLINT(bugprone-*): ending a thread is no exception
  NoWayBack guard;
  PyEval_RestoreThread(thread_);
  guard.disarm();
}

}  // namespace pixelferry::bindings

// Work without the interpreter's lock.
#pragma once

#include <pybind11/pybind11.h>

namespace pixelferry::bindings {

/// Gives the GIL up while it lives. Construct with the GIL held.
///
/// Python before 3.14 ends a thread that wants the GIL back while the interpreter shuts down, by
/// unwinding its stack; C++ code on it makes that an abort of the whole process (pybind11's own
/// guard does). Here such a thread waits for the end of the process instead, as from 3.14 on.
class WithoutGil {
 public:
  WithoutGil() : thread_{PyEval_SaveThread()} {}
  ~WithoutGil() noexcept(false);
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;
  WithoutGil(WithoutGil&&) = delete;
  WithoutGil& operator=(WithoutGil&&) = delete;

 private:
  PyThreadState* const thread_;
};

}  // namespace pixelferry::bindings

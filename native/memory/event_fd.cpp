#include "memory/event_fd.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace pixelferry::memory {

EventFd::EventFd() : fd_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
  if (fd_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

EventFd::~EventFd() { ::close(fd_); }

void EventFd::signal() const noexcept {
  // Fails only where the counter is full, and then it is readable.
  [[maybe_unused]] const int result = ::eventfd_write(fd_, 1);
}

void EventFd::drain() const noexcept {
  eventfd_t count = 0;
  [[maybe_unused]] const int result =
      ::eventfd_read(fd_, &count);  // fails if nothing was signalled
}

}  // namespace pixelferry::memory

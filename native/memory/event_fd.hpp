// An eventfd: a file descriptor that turns readable when another thread says so.
#pragma once

namespace pixelferry::memory {

/// Nonblocking, closed on exec and by the destructor. Any thread may call anything.
class EventFd {
 public:
  /// Throws std::system_error where there are no more descriptors.
  EventFd();
  ~EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  /// To poll for reading; stays owned.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Makes it readable.
  void signal() const noexcept;
  /// Makes it unreadable until the next signal.
  void drain() const noexcept;

 private:
  int fd_;
};

}  // namespace pixelferry::memory

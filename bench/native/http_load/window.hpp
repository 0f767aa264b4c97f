// What is counted: the requests that end between two answers, and what they took.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "connection.hpp"

namespace pixelferry::bench {

/// How long to count. Both times end with the first answer after them, for then a rate has no error
/// from the requests that are under way.
struct Bounds {
  std::chrono::duration<double> warm_up;
  std::chrono::duration<double> counted;
  std::size_t least = 1;  // answers in each of the two, however long that takes
};

/// Not for several threads.
class Window {
 public:
  /// `processes`: whose processor time is measured, all their threads together.
  Window(const Bounds& bounds, std::vector<pid_t> processes);

  /// Takes a request that has ended just now. Throws std::system_error if a process is gone.
  void add(const Exchange& exchange);
  [[nodiscard]] bool over() const { return over_; }
  /// What was counted, once it is over, as JSON: seconds and bytes.
  [[nodiscard]] std::string json() const;

 private:
  [[nodiscard]] std::vector<double> processor_seconds() const;
  [[nodiscard]] double latency(double percent) const;

  Bounds bounds_;
  std::vector<pid_t> processes_;
  std::vector<clockid_t> clocks_;  // our own first
  Clock::time_point since_ = Clock::now();
  bool counting_ = false;
  bool over_ = false;
  std::size_t ended_ = 0;  // since `since_`
  std::size_t failed_ = 0;
  std::uint64_t received_ = 0;
  std::vector<double> latencies_;  // of good answers; sorted when it is over
  std::vector<double> processor_before_;
  std::vector<double> processor_used_;
  double seconds_ = 0;
};

}  // namespace pixelferry::bench

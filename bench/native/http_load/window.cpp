#include "window.hpp"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

#include "descriptor.hpp"

namespace pixelferry::bench {
namespace {

using Seconds = std::chrono::duration<double>;

clockid_t clock_of(pid_t process) {
  clockid_t clock = 0;
  const int error = ::clock_getcpuclockid(process, &clock);
  if (error != 0) throw std::system_error{error, std::generic_category(), "clock_getcpuclockid"};
  return clock;
}

}  // namespace

Window::Window(const Bounds& bounds, std::vector<pid_t> processes)
    : bounds_{bounds}, processes_{std::move(processes)}, clocks_{CLOCK_PROCESS_CPUTIME_ID} {
  std::ranges::transform(processes_, std::back_inserter(clocks_), clock_of);
}

void Window::add(const Exchange& exchange) {
  ++ended_;
  if (counting_) {
    if (exchange.good) {
      latencies_.push_back(Seconds{exchange.taken}.count());
      received_ += exchange.received;
    } else {
      ++failed_;
    }
  }
  const auto now = Clock::now();
  const Seconds passed = now - since_;
  if (ended_ < bounds_.least || passed < (counting_ ? bounds_.counted : bounds_.warm_up)) return;
  if (!counting_) {
    counting_ = true;
    since_ = now;
    ended_ = 0;
    processor_before_ = processor_seconds();
    return;
  }
  over_ = true;
  seconds_ = passed.count();
  std::ranges::transform(processor_seconds(), processor_before_,
                         std::back_inserter(processor_used_), std::minus{});
  std::ranges::sort(latencies_);
}

std::vector<double> Window::processor_seconds() const {
  std::vector<double> all;
  for (const clockid_t clock : clocks_) {
    timespec used{};
    check(::clock_gettime(clock, &used), "the processor time of a process");
    all.push_back(static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec));
  }
  return all;
}

double Window::latency(double percent) const {
  if (latencies_.empty()) return 0;
  const auto rank = std::ceil(percent / 100 * static_cast<double>(latencies_.size()));
  return latencies_[std::max<std::size_t>(1, static_cast<std::size_t>(rank)) - 1];
}

std::string Window::json() const {
  std::ostringstream out;
  out.precision(9);
  out << "{\"requests\": " << latencies_.size() << ", \"failed\": " << failed_
      << ", \"seconds\": " << seconds_ << ", \"received\": " << received_
      << ", \"p50\": " << latency(50) << ", \"p99\": " << latency(99)
      << ", \"most\": " << latency(100) << ", \"load_cpu\": " << processor_used_.front()
      << ", \"server_cpu\": {";
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    out << (i == 0 ? "" : ", ") << '"' << processes_[i] << "\": " << processor_used_[i + 1];
  }
  out << "}}";
  return out.str();
}

}  // namespace pixelferry::bench

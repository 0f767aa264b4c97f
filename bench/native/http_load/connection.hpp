// One connection to the server that is measured: it posts the same request again and again.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "answer_head.hpp"
#include "descriptor.hpp"

namespace pixelferry::bench {

using Clock = std::chrono::steady_clock;

/// A request that has ended.
struct Exchange {
  bool good = false;  // answered with 200, to its end
  Clock::duration taken{};
  std::size_t received = 0;  // bytes of the body
};

/// Not for several threads. The socket is watched by edges, so each event is followed to its end.
class Connection {
 public:
  /// Borrows the request, head and body, and the epoll as long as it lives; connects to `port` of
  /// 127.0.0.1. Throws std::system_error.
  Connection(std::uint16_t port, std::span<const char> request, const Descriptor& epoll);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  /// Sends a request, or as much of it as there is room for.
  void post();
  /// Goes on as far as that takes no waiting: at the end of an answer, which is returned, with the
  /// next request, on a new connection if the server has closed. Throws std::system_error, and
  /// std::runtime_error for an answer that cannot be understood.
  std::optional<Exchange> proceed();

 private:
  enum class Step : std::uint8_t { sending, head, body };
  enum class Progress : std::uint8_t { waits, done, lost };

  void connect();
  Progress send_rest();
  Progress receive_head();
  Progress discard_body();
  Progress take_step();

  std::uint16_t port_;
  std::span<const char> request_;
  const Descriptor& epoll_;
  Descriptor socket_;
  Step step_ = Step::sending;
  std::size_t sent_ = 0;
  AnswerHead head_;
  std::size_t body_left_ = 0;
  Clock::time_point begun_;
  std::size_t received_ = 0;                         // bytes of the answer that are in `start_`
  std::array<char, std::size_t{16} << 10> start_{};  // holds the whole answer to an icon
};

}  // namespace pixelferry::bench

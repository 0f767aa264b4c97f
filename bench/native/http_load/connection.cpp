#include "connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>

namespace pixelferry::bench {
namespace {

Descriptor new_socket() { return {::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"}; }

bool would_wait() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

Connection::Connection(std::uint16_t port, std::span<const char> request, const Descriptor& epoll)
    : port_{port}, request_{request}, epoll_{epoll}, socket_{new_socket()} {
  connect();
}

void Connection::connect() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
        "connect");
  const int on = 1;
  check(::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.ptr = this;
  check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket_.get(), &event), "epoll_ctl");
}

void Connection::post() {
  step_ = Step::sending;
  sent_ = received_ = 0;
  begun_ = Clock::now();
  send_rest();  // what fails here is seen by the event that follows
}

std::optional<Exchange> Connection::proceed() {
  Progress progress = Progress::done;
  while (progress == Progress::done) {
    const bool was_last = step_ == Step::body;
    progress = take_step();
    if (was_last) break;
  }
  if (progress == Progress::waits) return std::nullopt;
  const bool complete = progress == Progress::done;
  const Exchange ended{.good = complete && head_.status == 200,
                       .taken = Clock::now() - begun_,
                       .received = complete ? head_.body : 0};
  if (!complete || head_.closes) {
    socket_ = new_socket();
    connect();
  }
  post();
  return ended;
}

Connection::Progress Connection::take_step() {
  switch (step_) {
    case Step::sending:
      return send_rest();
    case Step::head:
      return receive_head();
    case Step::body:
      return discard_body();
  }
  return Progress::lost;
}

Connection::Progress Connection::send_rest() {
  while (sent_ < request_.size()) {
    const auto rest = request_.subspan(sent_);
    const ssize_t sent =
        ::send(socket_.get(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return would_wait() ? Progress::waits : Progress::lost;
    sent_ += static_cast<std::size_t>(sent);
  }
  step_ = Step::head;
  return Progress::done;
}

Connection::Progress Connection::receive_head() {
  while (true) {
    const auto room = std::span{start_}.subspan(received_);
    if (room.empty()) throw std::runtime_error{"an answer with an endless head"};
    const ssize_t received = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (received == 0) return Progress::lost;
    if (received < 0) return would_wait() ? Progress::waits : Progress::lost;
    received_ += static_cast<std::size_t>(received);
    const auto head = answer_head({start_.data(), received_});
    if (!head) continue;
    if (received_ > head->bytes + head->body) throw std::runtime_error{"more than one answer"};
    head_ = *head;
    body_left_ = head->bytes + head->body - received_;
    step_ = Step::body;
    return Progress::done;
  }
}

Connection::Progress Connection::discard_body() {
  while (body_left_ != 0) {
    // The kernel throws it away, and copies nothing: there is no buffer.
    const ssize_t received = ::recv(socket_.get(), nullptr, body_left_, MSG_DONTWAIT | MSG_TRUNC);
    if (received == 0) return Progress::lost;
    if (received < 0) return would_wait() ? Progress::waits : Progress::lost;
    const auto discarded = static_cast<std::size_t>(received);
    const bool drained = discarded < body_left_;  // what comes later is an event of its own
    body_left_ -= discarded;
    if (drained) return Progress::waits;
  }
  return Progress::done;
}

}  // namespace pixelferry::bench

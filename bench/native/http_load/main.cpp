// Posts one file again and again on N connections to 127.0.0.1, and prints one line of JSON about
// it.
//
// Answers are thrown away in the kernel, so that this takes little of its core; wrk, which copies
// them 8 KiB at a time, is the bottleneck itself from 3 GB/s on.
#include <getopt.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "descriptor.hpp"
#include "window.hpp"

namespace pixelferry::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: pixelferry_http_load --port N --body FILE [--connections N] [--warm-up SECONDS] "
    "[--seconds SECONDS] [--least ANSWERS] [--patience SECONDS] [--process PID]...";

struct Options {
  std::uint16_t port = 0;
  std::string body;
  std::size_t connections = 1;
  Bounds bounds{.warm_up = std::chrono::duration<double>{1},
                .counted = std::chrono::duration<double>{2}};
  std::chrono::duration<double> patience{120};  // for all of it
  std::vector<pid_t> processes;
};

template <typename Number>
Number number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < Number{}) {
    throw std::invalid_argument{"no number: " + std::string{text}};
  }
  return value;
}

Options options_of(std::span<char*> arguments) {
  static constexpr auto kOption = [](const char* name, int letter) {
    return option{name, required_argument, nullptr, letter};
  };
  static constexpr std::array kOptions{
      kOption("port", 'p'),     kOption("body", 'b'),    kOption("connections", 'c'),
      kOption("warm-up", 'w'),  kOption("seconds", 's'), kOption("least", 'l'),
      kOption("patience", 'P'), kOption("process", 'r'), option{},
  };
  Options options;
  const auto count = static_cast<int>(arguments.size());
  int letter = 0;
  while ((letter = ::getopt_long(count, arguments.data(), "", kOptions.data(), nullptr)) != -1) {
    switch (letter) {
      case 'p':
        options.port = number_of<std::uint16_t>(optarg);
        break;
      case 'b':
        options.body = optarg;
        break;
      case 'c':
        options.connections = number_of<std::size_t>(optarg);
        break;
      case 'w':
        options.bounds.warm_up = std::chrono::duration<double>{number_of<double>(optarg)};
        break;
      case 's':
        options.bounds.counted = std::chrono::duration<double>{number_of<double>(optarg)};
        break;
      case 'l':
        options.bounds.least = number_of<std::size_t>(optarg);
        break;
      case 'P':
        options.patience = std::chrono::duration<double>{number_of<double>(optarg)};
        break;
      case 'r':
        options.processes.push_back(number_of<pid_t>(optarg));
        break;
      default:
        throw std::invalid_argument{std::string{kUsage}};
    }
  }
  if (options.port == 0 || options.body.empty() || optind != count) {
    throw std::invalid_argument{std::string{kUsage}};
  }
  return options;
}

std::string request_with(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) throw std::runtime_error{"cannot be read: " + file};
  const std::string body{std::istreambuf_iterator<char>{in}, {}};
  return "POST /convert HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
         "image/png\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

void run(const Options& options) {
  const std::string request = request_with(options.body);
  const Descriptor epoll{::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"};
  std::vector<std::unique_ptr<Connection>> connections;
  connections.reserve(options.connections);
  for (std::size_t i = 0; i < options.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(options.port, request, epoll));
  }
  Window window{options.bounds, options.processes};
  for (const auto& connection : connections) connection->post();
  const auto began = Clock::now();
  std::array<epoll_event, 64> events{};
  while (!window.over()) {
    const int count =
        ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), 1000);
    if (count < 0 && errno != EINTR) check(count, "epoll_wait");
    for (int i = 0; i < count && !window.over(); ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (const auto exchange = connection.proceed()) window.add(*exchange);
    }
    if (Clock::now() - began > options.patience) throw std::runtime_error{"it takes too long"};
  }
  std::cout << window.json() << '\n';
}

}  // namespace
}  // namespace pixelferry::bench

int main(int count, char** arguments) try {
  pixelferry::bench::run(
      pixelferry::bench::options_of({arguments, static_cast<std::size_t>(count)}));
  return 0;
} catch (const std::exception& error) {
  std::cerr << "http_load: " << error.what() << '\n';
  return 1;
}

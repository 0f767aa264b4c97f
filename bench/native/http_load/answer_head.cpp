#include "answer_head.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

namespace pixelferry::bench {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kVersion = "HTTP/1.1 ";

[[noreturn]] void refuse(std::string_view what) {
  throw std::runtime_error{"an answer with " + std::string{what}};
}

template <typename Number>
Number number_of(std::string_view text, std::string_view what) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) refuse(what);
  return value;
}

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

bool same(std::string_view text, std::string_view in_lower_case) {
  return std::ranges::equal(text, in_lower_case, {}, lower);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::optional<AnswerHead> answer_head(std::string_view received) {
  const auto end = received.find(kHeadEnd);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view lines = received.substr(0, end + kLineEnd.size());
  if (!lines.starts_with(kVersion) || lines.size() < kVersion.size() + 3) refuse("no status");
  AnswerHead head{.status = number_of<int>(lines.substr(kVersion.size(), 3), "no status"),
                  .bytes = end + kHeadEnd.size()};
  bool has_length = false;
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find(kLineEnd));
    lines.remove_prefix(line.size() + kLineEnd.size());
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;  // the status line
    const auto value = trimmed(line.substr(colon + 1));
    if (same(line.substr(0, colon), "content-length")) {
      head.body = number_of<std::size_t>(value, "a bad Content-Length");
      has_length = true;
    } else if (same(line.substr(0, colon), "connection")) {
      head.closes = same(value, "close");
    }
  }
  if (!has_length) refuse("no Content-Length");
  return head;
}

}  // namespace pixelferry::bench

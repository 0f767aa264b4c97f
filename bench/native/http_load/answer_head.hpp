// The head of an HTTP/1.1 answer, as far as a load generator has to understand it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pixelferry::bench {

struct AnswerHead {
  int status = 0;
  std::size_t bytes = 0;  // of the head itself, with the empty line
  std::size_t body = 0;   // Content-Length
  bool closes = false;    // Connection: close
};

/// Reads the head at the start of `received`; nothing while it is incomplete. Throws
/// std::runtime_error for what is no such head, or has no Content-Length: no server that is
/// measured here answers in chunks.
std::optional<AnswerHead> answer_head(std::string_view received);

}  // namespace pixelferry::bench

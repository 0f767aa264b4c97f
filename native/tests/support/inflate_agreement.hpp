// The rule for the inflaters alone: what zlib says, but for what PlainInflated calls not strict.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace pixelferry::test {

/// Inflates `stream` as a whole and in random pieces, chosen by its bytes, and compares with zlib
/// and with a plain reading of RFC 1951. Returns what disagrees, in words; empty if nothing does.
/// Only the first MiB of the output is looked at. Not for several threads at once.
[[nodiscard]] std::string inflate_disagreement(std::span<const std::uint8_t> stream);

}  // namespace pixelferry::test

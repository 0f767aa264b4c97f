// A conversion's outcome as a value: the file, or the fault with its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <span>

#include "convert.hpp"
#include "errors.hpp"
#include "support/random.hpp"

namespace pixelferry {

inline std::ostream& operator<<(std::ostream& out, ErrorCode code) {
  return out << info(code).name;
}

}  // namespace pixelferry

namespace pixelferry::test {

struct Fault {
  ErrorCode code;
  std::size_t offset;

  friend bool operator==(const Fault&, const Fault&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.code << " at " << fault.offset;
  }
};

struct Outcome {
  std::optional<Fault> fault;
  Bytes bmp;  // empty if there is a fault
};

/// Converts into memory that was filled with `poison`; to see unwritten bytes, convert with two.
[[nodiscard]] Outcome outcome(std::span<const std::uint8_t> png, std::uint8_t poison = 0xA5);

}  // namespace pixelferry::test

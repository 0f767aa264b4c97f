// PNG files made to cost as much as they can for their size.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "errors.hpp"
#include "png/header.hpp"
#include "support/random.hpp"

namespace pixelferry::test {

struct Bomb {
  std::string_view name;
  Bytes png;
  std::optional<ErrorCode> fault;  // none: it is a valid picture
};

/// One of each kind, of some hundred kilobytes: small, so that what they cost can be counted.
[[nodiscard]] std::vector<Bomb> bombs(Random& random);

/// A gray picture that ISA-L begins to inflate, and most of whose file are empty blocks; they come
/// after so many of its rows.
[[nodiscard]] Bytes png_of_empty_blocks(const png::Header& header, std::uint32_t rows,
                                        Random& random);

}  // namespace pixelferry::test

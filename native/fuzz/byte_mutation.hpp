// libFuzzer's own mutation of bytes, for parts of an input.
#pragma once

#include <cstddef>

#include "support/random.hpp"

namespace pixelferry::fuzz {

/// Changes, adds or removes a few bytes; at most `most` stay. What is drawn comes from libFuzzer.
void mutate_bytes(test::Bytes& bytes, std::size_t most);

/// The same for a part: a random stretch of `bytes`, whose size stays.
void mutate_stretch(test::Bytes& bytes, test::Random& random);

/// Copies `made` to what a custom mutator was given and returns its size. If it is larger than
/// `room`, libFuzzer's own mutation takes its place.
std::size_t hand_over(const test::Bytes& made, std::uint8_t* data, std::size_t size,
                      std::size_t room);

}  // namespace pixelferry::fuzz

#include "png/raw_inflate_isal.hpp"

namespace pixelferry::png {

RawProgress IsalInflater::inflate(std::span<const std::uint8_t> in,
                                  std::span<std::uint8_t> out) noexcept {
  using State = RawProgress::State;
  state_.next_in = const_cast<std::uint8_t*>(in.data());  // ISA-L only reads it
  state_.avail_in = static_cast<std::uint32_t>(in.size());
  state_.next_out = out.data();
  state_.avail_out = static_cast<std::uint32_t>(out.size());
  if (isal_inflate(&state_) != ISAL_DECOMP_OK) {
    return {.state = State::failed};  // after some faults its counts are wrong
  }

  RawProgress progress{.read = in.size() - state_.avail_in,
                       .written = out.size() - state_.avail_out};
  if (state_.block_state == ISAL_BLOCK_FINISH) {
    progress.state = State::finished;
    // What it has read ahead: the bits that fill up the last byte, then whole bytes.
    std::uint64_t ahead = state_.read_in >> (state_.read_in_length % 8);
    for (int n = state_.read_in_length / 8; n > 0; --n, ahead >>= 8) {
      progress.ahead[progress.ahead_bytes++] = static_cast<std::uint8_t>(ahead);
    }
  } else if (progress.written < out.size() && progress.read < in.size()) {
    return {.state = State::failed};  // it stops early at the end of the input only
  }
  return progress;
}

}  // namespace pixelferry::png

#include "png/filtered_stream.hpp"

#include <array>

namespace pixelferry::png {

void FilteredStream::read(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    throw_if_set(cancel_);
    const Inflater::Progress progress = inflater_.produce(out);
    out = out.subspan(progress.written);
    if (progress.status == Inflater::Status::failed) fail(inflater_.fault());
    if (out.empty()) return;
    if (progress.status == Inflater::Status::finished) fail(ErrorCode::too_little_data);
    if (progress.status == Inflater::Status::need_input && !feed_next_piece()) {
      fail(ErrorCode::too_little_data);
    }
  }
}

void FilteredStream::finish() {
  std::array<std::uint8_t, 1> excess{};  // room for the first byte that must not come
  bool finished = false;
  do {
    throw_if_set(cancel_);
    const Inflater::Progress progress = inflater_.produce(excess);
    if (progress.written != 0) fail(ErrorCode::too_much_data);
    if (progress.status == Inflater::Status::failed) fail(inflater_.fault());
    finished = progress.status == Inflater::Status::finished;
  } while (feed_next_piece());
  if (!finished) fail(ErrorCode::too_little_data);
}

bool FilteredStream::feed_next_piece() {
  const std::span<const std::uint8_t> piece = next_piece();
  inflater_.feed(piece);
  return !piece.empty();
}

std::span<const std::uint8_t> FilteredStream::next_piece() {
  if (density_ == nullptr) return idat_.next();
  density_->note(piece_bytes_, inflater_.in_block_header());
  if (density_->excessive()) throw TooManyBlocks{};
  const std::span<const std::uint8_t> piece = idat_.next(density_->bytes_to_place());
  piece_bytes_ = piece.size();
  return piece;
}

}  // namespace pixelferry::png

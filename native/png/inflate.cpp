#include "png/inflate.hpp"

#include <isa-l.h>

#include <algorithm>

#include "png/adler.hpp"

namespace pixelferry::png {
namespace {

constexpr std::size_t kHeaderBytes = 2;
constexpr std::size_t kTrailerBytes = 4;
constexpr std::size_t kMostOut = std::size_t{1} << 30;  // ISA-L counts in 32 bits

/// RFC 1950, 2.2; `header` is CMF × 256 + FLG.
constexpr bool is_zlib_header(std::uint32_t header) noexcept {
  const std::uint32_t method = header >> 8 & 0xF;
  const std::uint32_t window = header >> 12 & 0xF;
  const bool dictionary = (header & 0x20) != 0;
  return header % 31 == 0 && method == 8 && window <= 7 && !dictionary;
}

}  // namespace

#define PIXELFERRY_TEXT(number) #number
#define PIXELFERRY_VERSION_TEXT(major, minor) PIXELFERRY_TEXT(major) "." PIXELFERRY_TEXT(minor)

const char* inflate_engine() noexcept {
  return "isa-l " PIXELFERRY_VERSION_TEXT(ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION);
}

struct Inflater::State {
  inflate_state isal;
};

Inflater::Inflater() : state_{std::make_unique_for_overwrite<State>()} {
  static_assert(sizeof(State) <= kStateBytes);
  isal_inflate_init(&state_->isal);
}

Inflater::~Inflater() = default;

void Inflater::reset() noexcept {
  isal_inflate_reset(&state_->isal);
  input_ = {};
  stage_ = Stage::header;
  adler_ = 1;
  field_ = 0;
  field_bytes_ = 0;
}

void Inflater::feed(std::span<const std::uint8_t> piece) noexcept { input_ = piece; }

Inflater::Progress Inflater::produce(std::span<std::uint8_t> out) noexcept {
  out = out.first(std::min(out.size(), kMostOut));
  std::size_t written = 0;
  if (stage_ == Stage::header) read_header();
  if (stage_ == Stage::deflate) {
    written = inflate(out);
    if (stage_ == Stage::deflate && written == out.size()) return {written, Status::output_full};
  }
  if (stage_ == Stage::trailer) read_trailer();
  if (stage_ == Stage::end && !input_.empty()) fail(ErrorCode::trailing_data);
  return {written, status()};
}

void Inflater::read_header() noexcept {
  for (; field_bytes_ < kHeaderBytes && !input_.empty(); input_ = input_.subspan(1)) {
    take(input_.front());
  }
  if (field_bytes_ < kHeaderBytes) return;
  if (!is_zlib_header(field_)) return fail(ErrorCode::bad_zlib_header);
  field_bytes_ = 0;
  stage_ = Stage::deflate;
}

std::size_t Inflater::inflate(std::span<std::uint8_t> out) noexcept {
  inflate_state& isal = state_->isal;
  isal.next_in = const_cast<std::uint8_t*>(input_.data());  // ISA-L only reads it
  isal.avail_in = static_cast<std::uint32_t>(input_.size());
  isal.next_out = out.data();
  isal.avail_out = static_cast<std::uint32_t>(out.size());
  const int result = isal_inflate(&isal);
  if (result != ISAL_DECOMP_OK) {  // after some faults its counts are wrong
    fail(ErrorCode::bad_deflate);
    return 0;
  }

  const std::size_t written = out.size() - isal.avail_out;
  adler_ = adler32(adler_, out.first(written));
  input_ = input_.last(isal.avail_in);
  // ISA-L stops early at the end of the input only; anything else would lose bytes.
  const bool stuck = written < out.size() && !input_.empty();
  if (isal.block_state == ISAL_BLOCK_FINISH) {
    stage_ = Stage::trailer;
    // What it has read ahead: the bits that fill up the last byte, then whole bytes.
    std::uint64_t ahead = isal.read_in >> (isal.read_in_length % 8);
    for (int n = isal.read_in_length / 8; n > 0; --n, ahead >>= 8) {
      take(static_cast<std::uint8_t>(ahead));
    }
  } else if (stuck) {
    fail(ErrorCode::bad_deflate);
  }
  return written;
}

void Inflater::read_trailer() noexcept {
  for (; field_bytes_ < kTrailerBytes && !input_.empty(); input_ = input_.subspan(1)) {
    take(input_.front());
  }
  if (field_bytes_ < kTrailerBytes) return;
  if (field_ != adler_) return fail(ErrorCode::bad_adler);
  // More than four bytes can only come from what was read ahead.
  if (field_bytes_ > kTrailerBytes) return fail(ErrorCode::trailing_data);
  stage_ = Stage::end;
}

void Inflater::take(std::uint8_t byte) noexcept {
  if (field_bytes_++ < kTrailerBytes) field_ = field_ << 8 | byte;
}

void Inflater::fail(ErrorCode code) noexcept {
  stage_ = Stage::failed;
  fault_ = code;
}

Inflater::Status Inflater::status() const noexcept {
  switch (stage_) {
    case Stage::end:
      return Status::finished;
    case Stage::failed:
      return Status::failed;
    default:
      return Status::need_input;
  }
}

}  // namespace pixelferry::png

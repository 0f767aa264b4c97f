#include "png/inflate.hpp"

#include <algorithm>
#include <variant>

#include "png/adler.hpp"
#include "png/raw_inflate_isal.hpp"
#ifdef PIXELFERRY_ZLIB_NG
#include "png/raw_inflate_zlib_ng.hpp"
#endif

namespace pixelferry::png {
namespace {

constexpr std::size_t kHeaderBytes = 2;
constexpr std::size_t kTrailerBytes = 4;
constexpr std::size_t kMostOut = std::size_t{1} << 30;  // the libraries count in 32 bits

/// RFC 1950, 2.2; `header` is CMF × 256 + FLG.
constexpr bool is_zlib_header(std::uint32_t header) noexcept {
  const std::uint32_t method = header >> 8 & 0xF;
  const std::uint32_t window = header >> 12 & 0xF;
  const bool dictionary = (header & 0x20) != 0;
  return header % 31 == 0 && method == 8 && window <= 7 && !dictionary;
}

}  // namespace

/// One of the libraries at a time, in the same memory.
struct Inflater::State {
#ifdef PIXELFERRY_ZLIB_NG
  std::variant<IsalInflater, ZlibNgInflater> raw;
#else
  std::variant<IsalInflater> raw;
#endif

  template <typename Raw>
  void reset() {
    if (!std::holds_alternative<Raw>(raw)) raw.template emplace<Raw>();
    std::get<Raw>(raw).reset();
  }

  RawProgress inflate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) noexcept {
#ifdef PIXELFERRY_ZLIB_NG
    if (auto* const zlib_ng = std::get_if<ZlibNgInflater>(&raw)) return zlib_ng->inflate(in, out);
#endif
    if (auto* const isal = std::get_if<IsalInflater>(&raw)) return isal->inflate(in, out);
    return {.state = RawProgress::State::failed};  // no memory for the other one, see reset()
  }
};

bool Inflater::in_block_header() const noexcept {
  const auto* const isal = std::get_if<IsalInflater>(&state_->raw);
  return isal != nullptr && isal->in_block_header();
}

Inflater::Inflater() : state_{std::make_unique<State>()} {
  static_assert(sizeof(State) <= kStateBytes);
}

Inflater::~Inflater() = default;

void Inflater::reset(InflateEngine engine) {
#ifdef PIXELFERRY_ZLIB_NG
  if (engine == InflateEngine::zlib_ng) {
    state_->reset<ZlibNgInflater>();
  } else {
    state_->reset<IsalInflater>();
  }
#else
  static_cast<void>(engine);
  state_->reset<IsalInflater>();
#endif
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
  const RawProgress progress = state_->inflate(input_, out);
  if (progress.state == RawProgress::State::failed) {
    fail(ErrorCode::bad_deflate);
    return 0;
  }
  adler_ = adler32(adler_, out.first(progress.written));
  input_ = input_.subspan(progress.read);
  if (progress.state == RawProgress::State::finished) {
    stage_ = Stage::trailer;
    for (std::size_t i = 0; i < progress.ahead_bytes; ++i) take(progress.ahead[i]);
  }
  return progress.written;
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

#include "png/raw_inflate_zlib_ng.hpp"

#include <new>

namespace pixelferry::png {
namespace {

constexpr std::int32_t kRaw = -15;  // no zlib header, a window of 32 KiB

}  // namespace

ZlibNgInflater::ZlibNgInflater() {
  stream_.opaque = &memory_;
  stream_.zalloc = [](void* memory, unsigned items, unsigned size) -> void* {
    auto& bytes = *static_cast<decltype(memory_)*>(memory);
    return std::size_t{items} * size <= bytes.size() ? bytes.data() : nullptr;
  };
  stream_.zfree = [](void*, void*) {};
  if (zng_inflateInit2(&stream_, kRaw) != Z_OK) throw std::bad_alloc{};
}

ZlibNgInflater::~ZlibNgInflater() { zng_inflateEnd(&stream_); }

void ZlibNgInflater::reset() noexcept { zng_inflateReset(&stream_); }

RawProgress ZlibNgInflater::inflate(std::span<const std::uint8_t> in,
                                    std::span<std::uint8_t> out) noexcept {
  using State = RawProgress::State;
  stream_.next_in = in.data();
  stream_.avail_in = static_cast<std::uint32_t>(in.size());
  stream_.next_out = out.data();
  stream_.avail_out = static_cast<std::uint32_t>(out.size());
  const std::int32_t result = zng_inflate(&stream_, Z_NO_FLUSH);
  if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
    return {.state = State::failed};
  }
  return {.read = in.size() - stream_.avail_in,
          .written = out.size() - stream_.avail_out,
          .state = result == Z_STREAM_END ? State::finished : State::more};
}

}  // namespace pixelferry::png

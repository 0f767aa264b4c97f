#include "png/inflate_whole.hpp"

#include <libdeflate.h>

#include <new>

namespace pixelferry::png {

const char* whole_inflate_engine() noexcept { return "libdeflate " LIBDEFLATE_VERSION_STRING; }

void WholeInflater::Free::operator()(libdeflate_decompressor* state) const noexcept {
  libdeflate_free_decompressor(state);
}

WholeInflater::WholeInflater() : state_{libdeflate_alloc_decompressor()} {
  if (!state_) throw std::bad_alloc{};
}

bool WholeInflater::inflate(std::span<const std::uint8_t> stream,
                            std::span<std::uint8_t> out) noexcept {
  std::size_t read = 0;
  std::size_t written = 0;
  const libdeflate_result result = libdeflate_zlib_decompress_ex(
      state_.get(), stream.data(), stream.size(), out.data(), out.size(), &read, &written);
  return result == LIBDEFLATE_SUCCESS && read == stream.size() && written == out.size();
}

}  // namespace pixelferry::png

// What no converter can go below: inflating the image data, and writing the output once.
#include <isa-l.h>
#include <libdeflate.h>
#ifdef PIXELFERRY_ZLIB_NG
#include <zlib-ng.h>
#endif

#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

#include "contender.hpp"
#include "png_parts.hpp"

namespace pixelferry::bench {
namespace {

constexpr std::size_t kZlibHeaderBytes = 2;

#define PIXELFERRY_TEXT(number) #number
#define PIXELFERRY_VERSION_TEXT(major, minor) PIXELFERRY_TEXT(major) "." PIXELFERRY_TEXT(minor)
constexpr const char* kIsalVersion =
    PIXELFERRY_VERSION_TEXT(ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION);

/// Deflate without Adler-32, whole, into memory that stays warm: the least that ISA-L takes.
Contender inflate_isal() {
  const auto prepare = [](Bytes png) -> Job {
    const auto parts = std::make_shared<PngParts>(parts_of(png));
    const auto state = std::make_shared<inflate_state>();
    return [parts, state](const Sink& sink) {
      isal_inflate_reset(state.get());
      state->crc_flag = ISAL_DEFLATE;
      state->next_in = parts->zlib.data() + kZlibHeaderBytes;
      state->avail_in = static_cast<std::uint32_t>(parts->zlib.size() - kZlibHeaderBytes);
      state->next_out = parts->filtered.data();
      state->avail_out = static_cast<std::uint32_t>(parts->filtered.size());
      if (isal_inflate(state.get()) != ISAL_DECOMP_OK) throw std::runtime_error{"ISA-L failed"};
      sink(parts->filtered);
    };
  };
  return {.name = "inflate/isa-l", .version = kIsalVersion, .prepare = prepare};
}

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* owned) const { libdeflate_free_decompressor(owned); }
};

Contender inflate_libdeflate() {
  const auto prepare = [](Bytes png) -> Job {
    const auto parts = std::make_shared<PngParts>(parts_of(png));
    const std::shared_ptr<libdeflate_decompressor> state{libdeflate_alloc_decompressor(),
                                                         FreeDecompressor{}};
    return [parts, state](const Sink& sink) {
      const auto result = libdeflate_deflate_decompress_ex(
          state.get(), parts->zlib.data() + kZlibHeaderBytes, parts->zlib.size() - kZlibHeaderBytes,
          parts->filtered.data(), parts->filtered.size(), nullptr, nullptr);
      if (result != LIBDEFLATE_SUCCESS) throw std::runtime_error{"libdeflate failed"};
      sink(parts->filtered);
    };
  };
  return {.name = "inflate/libdeflate", .version = LIBDEFLATE_VERSION_STRING, .prepare = prepare};
}

#ifdef PIXELFERRY_ZLIB_NG
struct ZlibNgStream {
  ZlibNgStream() {
    if (zng_inflateInit2(&state, -15) != Z_OK) throw std::bad_alloc{};
  }
  ~ZlibNgStream() { zng_inflateEnd(&state); }
  ZlibNgStream(const ZlibNgStream&) = delete;
  ZlibNgStream& operator=(const ZlibNgStream&) = delete;

  zng_stream state{};
};

Contender inflate_zlib_ng() {
  const auto prepare = [](Bytes png) -> Job {
    const auto parts = std::make_shared<PngParts>(parts_of(png));
    const auto inflater = std::make_shared<ZlibNgStream>();
    return [parts, inflater](const Sink& sink) {
      zng_stream& state = inflater->state;
      zng_inflateReset(&state);
      state.next_in = parts->zlib.data() + kZlibHeaderBytes;
      state.avail_in = static_cast<std::uint32_t>(parts->zlib.size() - kZlibHeaderBytes);
      state.next_out = parts->filtered.data();
      state.avail_out = static_cast<std::uint32_t>(parts->filtered.size());
      if (zng_inflate(&state, Z_FINISH) != Z_STREAM_END) {
        throw std::runtime_error{"zlib-ng failed"};
      }
      sink(parts->filtered);
    };
  };
  return {.name = "inflate/zlib-ng", .version = ZLIBNG_VERSION, .prepare = prepare};
}
#endif

Contender copy_of_output() {
  const auto prepare = [](Bytes png) -> Job {
    const std::size_t size = parts_of(png).bmp_size;
    const auto from = std::make_shared<std::vector<std::uint8_t>>(size, std::uint8_t{1});
    const auto to = std::make_shared<std::vector<std::uint8_t>>(size);
    return [from, to](const Sink& sink) {
      std::memcpy(to->data(), from->data(), from->size());
      sink(*to);
    };
  };
  return {.name = "memcpy", .version = "", .prepare = prepare};
}

}  // namespace

std::vector<Contender> limits() {
  return {inflate_isal(), inflate_libdeflate(),
#ifdef PIXELFERRY_ZLIB_NG
          inflate_zlib_ng(),
#endif
          copy_of_output()};
}

}  // namespace pixelferry::bench

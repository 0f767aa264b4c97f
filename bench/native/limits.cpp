// What no converter can go below: inflating the image data, and writing the output once.
#include <isa-l.h>
#include <libdeflate.h>

#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "contender.hpp"
#include "png/raw_inflate_isal.hpp"
#include "png_parts.hpp"
#ifdef PIXELFERRY_ZLIB_NG
#include "png/raw_inflate_zlib_ng.hpp"
#endif

namespace pixelferry::bench {
namespace {

constexpr std::size_t kZlibHeaderBytes = 2;

/// Deflate without Adler-32, whole, into memory that stays warm: the least that a library takes.
template <typename Raw>
Contender inflate_by(const std::string& library, const std::string& version) {
  const auto prepare = [library](Bytes png) -> Job {
    const auto parts = std::make_shared<PngParts>(parts_of(png));
    const auto raw = std::make_shared<Raw>();
    return [library, parts, raw](const Sink& sink) {
      raw->reset();
      const auto progress =
          raw->inflate(std::span{parts->zlib}.subspan(kZlibHeaderBytes), parts->filtered);
      if (progress.state != png::RawProgress::State::finished) {
        throw std::runtime_error{library + " failed"};
      }
      sink(parts->filtered);
    };
  };
  return {.name = "inflate/" + library, .version = version, .prepare = prepare};
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
  return {inflate_by<png::IsalInflater>("isa-l", std::to_string(ISAL_MAJOR_VERSION) + "." +
                                                     std::to_string(ISAL_MINOR_VERSION)),
          inflate_libdeflate(),
#ifdef PIXELFERRY_ZLIB_NG
          inflate_by<png::ZlibNgInflater>("zlib-ng", ZLIBNG_VERSION),
#endif
          copy_of_output()};
}

}  // namespace pixelferry::bench

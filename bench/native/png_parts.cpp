#include "png_parts.hpp"

#include <isa-l.h>

#include <stdexcept>
#include <string_view>

#include "bmp_file.hpp"

namespace pixelferry::bench {
namespace {

constexpr std::size_t kSignatureBytes = 8;

std::size_t number_at(Bytes png, std::size_t offset) {
  std::size_t value = 0;
  for (const std::uint8_t byte : png.subspan(offset, 4)) value = value << 8 | byte;
  return value;
}

std::vector<std::uint8_t> inflated(Bytes zlib) {
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_ZLIB;
  state.next_in = const_cast<std::uint8_t*>(zlib.data());  // only read
  state.avail_in = static_cast<std::uint32_t>(zlib.size());
  std::vector<std::uint8_t> out;
  while (state.block_state != ISAL_BLOCK_FINISH) {
    const std::size_t had = out.size();
    out.resize(had + (std::size_t{4} << 20));
    state.next_out = out.data() + had;
    state.avail_out = static_cast<std::uint32_t>(out.size() - had);
    const int error = isal_inflate(&state);
    out.resize(out.size() - state.avail_out);
    if (error != ISAL_DECOMP_OK || out.size() == had) throw std::runtime_error{"bad image data"};
  }
  return out;
}

}  // namespace

PngParts parts_of(Bytes png) {
  PngParts parts;
  for (std::size_t offset = kSignatureBytes; offset + 12 <= png.size();) {
    const std::size_t size = number_at(png, offset);
    if (size > png.size() - offset - 12) throw std::runtime_error{"truncated"};
    const Bytes checked = png.subspan(offset + 4, 4 + size);
    const Bytes data = checked.subspan(4);
    parts.checked.push_back(checked);
    const std::string_view type{reinterpret_cast<const char*>(checked.data()), 4};
    if (type == "IHDR") {
      parts.bmp_size = kBmpHeaderBytes + bmp_stride(number_at(data, 0)) * number_at(data, 4);
    } else if (type == "IDAT") {
      parts.zlib.insert(parts.zlib.end(), data.begin(), data.end());
    } else if (type == "IEND") {
      break;
    }
    offset += 12 + size;
  }
  parts.filtered = inflated(parts.zlib);
  return parts;
}

}  // namespace pixelferry::bench

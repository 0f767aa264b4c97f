#include "support/png_parts.hpp"

#include <zlib.h>

#include <algorithm>

#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

constexpr std::size_t kHeadBytes = 33;
constexpr std::size_t kFrameBytes = 12;  // length, type and CRC

std::uint32_t number_at(std::span<const std::uint8_t> bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes.first(4)) value = value << 8 | byte;
  return value;
}

}  // namespace

Bytes PngParts::stream() const {
  Bytes result;
  for (const PngPart& part : parts) {
    if (part.type == "IDAT") append(result, part.data);
  }
  return result;
}

PngParts take_apart(std::span<const std::uint8_t> png) {
  PngParts result;
  const std::size_t head = std::min(kHeadBytes, png.size());
  append(result.head, png.first(head));
  png = png.subspan(head);
  while (png.size() >= kFrameBytes && number_at(png) <= png.size() - kFrameBytes) {
    const std::size_t length = number_at(png);
    const std::span<const std::uint8_t> body = png.subspan(4, 4 + length);
    const auto crc =
        static_cast<std::uint32_t>(::crc32(0, body.data(), static_cast<uInt>(body.size())));
    result.parts.push_back({{body.begin(), body.begin() + 4},
                            {body.begin() + 4, body.end()},
                            number_at(png.subspan(8 + length)) ^ crc});
    png = png.subspan(kFrameBytes + length);
    if (result.parts.back().type == "IEND") break;
  }
  append(result.tail, png);
  return result;
}

Bytes put_together(const PngParts& parts) {
  Bytes png = parts.head;
  for (const PngPart& part : parts.parts) {
    append(png, chunk(part.type, part.data));
    const Bytes error = big_endian(part.crc_error);
    std::transform(error.begin(), error.end(), png.end() - 4, png.end() - 4, std::bit_xor{});
  }
  append(png, parts.tail);
  return png;
}

}  // namespace pixelferry::test

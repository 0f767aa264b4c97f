#include "support/png_builder.hpp"

#include <zlib.h>

#include <stdexcept>

#include "png/adam7.hpp"

namespace pixelferry::test {

void append(Bytes& to, std::span<const std::uint8_t> more) {
  to.insert(to.end(), more.begin(), more.end());
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes result;
  for (const Bytes& part : parts) append(result, part);
  return result;
}

Bytes big_endian(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

Bytes signature() { return {0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A}; }

namespace {

Bytes chunk_with(std::string_view type, std::span<const std::uint8_t> data, std::uint32_t flip) {
  Bytes body{type.begin(), type.end()};
  append(body, data);
  const uLong crc = ::crc32(0, body.data(), static_cast<uInt>(body.size()));
  return joined({big_endian(static_cast<std::uint32_t>(data.size())), body,
                 big_endian(static_cast<std::uint32_t>(crc) ^ flip)});
}

}  // namespace

Bytes chunk(std::string_view type, std::span<const std::uint8_t> data) {
  return chunk_with(type, data, 0);
}

Bytes damaged_chunk(std::string_view type, std::span<const std::uint8_t> data) {
  return chunk_with(type, data, 1);
}

Bytes ihdr(const png::Header& header) {
  return chunk("IHDR", joined({big_endian(header.width), big_endian(header.height),
                               Bytes{header.bit_depth, static_cast<std::uint8_t>(header.color_type),
                                     0, 0, static_cast<std::uint8_t>(header.interlaced)}}));
}

Bytes idats(std::span<const std::uint8_t> data, std::size_t piece) {
  Bytes result;
  for (; data.size() > piece; data = data.subspan(piece)) {
    append(result, chunk("IDAT", data.first(piece)));
  }
  append(result, chunk("IDAT", data));
  return result;
}

Bytes idat(std::span<const std::uint8_t> data) { return chunk("IDAT", data); }

Bytes png_file(const png::Header& header, const Bytes& middle) {
  return joined({signature(), ihdr(header), middle, chunk("IEND")});
}

Bytes zlib_stream(std::span<const std::uint8_t> data, int level) {
  uLongf size = compressBound(static_cast<uLong>(data.size()));
  Bytes result(size);
  if (compress2(result.data(), &size, data.data(), static_cast<uLong>(data.size()), level) !=
      Z_OK) {
    throw std::runtime_error{"compress2"};
  }
  result.resize(size);
  return result;
}

Bytes zlib_wrapped(std::span<const std::uint8_t> deflated, std::span<const std::uint8_t> inflated) {
  Bytes result{0x78, 0x01};
  append(result, deflated);
  const uLong adler = ::adler32(1, inflated.data(), static_cast<uInt>(inflated.size()));
  append(result, big_endian(static_cast<std::uint32_t>(adler)));
  return result;
}

Bytes filtered_scanlines(const png::Header& header, Filters filters, bool smooth, Random& random) {
  Bytes result;
  for (const png::Pass& pass : png::Passes{header}) {
    for (std::uint32_t y = 0; y < pass.height; ++y) {
      const std::size_t type =
          filters == Filters::mixed ? random.below(5) : static_cast<std::size_t>(filters);
      result.push_back(static_cast<std::uint8_t>(type));
      Bytes row = random.bytes(static_cast<std::size_t>(header.row_bytes(pass.width)));
      if (smooth) {
        for (std::uint8_t& byte : row) byte = static_cast<std::uint8_t>(byte % 5 - 2);
      }
      append(result, row);
    }
  }
  return result;
}

Bytes palette_for(const png::Header& header, std::size_t entries, Random& random) {
  if (header.color_type != png::ColorType::palette) return {};
  return chunk("PLTE", random.bytes(3 * entries));
}

Bytes random_png(const png::Header& header, Filters filters, Random& random) {
  const bool smooth = random.below(2) == 0;
  const Bytes scanlines = filtered_scanlines(header, filters, smooth, random);
  const Bytes palette = palette_for(header, 1 + random.below(256), random);
  const Bytes stream = zlib_stream(scanlines, static_cast<int>(random.below(10)));
  return png_file(header, joined({palette, idats(stream, 1 + random.below(stream.size()))}));
}

std::vector<png::Header> all_formats() {
  using enum png::ColorType;
  std::vector<png::Header> formats;
  const auto add = [&](png::ColorType type, std::initializer_list<int> depths) {
    for (const int depth : depths) {
      formats.push_back({1, 1, type, static_cast<std::uint8_t>(depth), false});
    }
  };
  add(gray, {1, 2, 4, 8, 16});
  add(rgb, {8, 16});
  add(palette, {1, 2, 4, 8});
  add(gray_alpha, {8, 16});
  add(rgba, {8, 16});
  return formats;
}

}  // namespace pixelferry::test

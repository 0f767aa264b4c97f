#include "convert_by.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "errors.hpp"
#include "memory/owned_bytes.hpp"

namespace pixelferry {
namespace {

bmp::Layout permitted_layout(std::span<const std::uint8_t> png, const Limits& limits) {
  const png::Header header = png::read_header(png);
  check_limits(header, limits);
  return bmp::layout_24(header.width, header.height);
}

/// A picture and the layout it was found to fit.
struct Decoded {
  RgbPicture picture;
  bmp::Layout layout;
  memory::Copies copies;
};

Decoded decode(const RgbDecoder& decoder, std::span<const std::uint8_t> png, const Limits& limits,
               const CancelFlag* cancel, memory::Pool& pool) {
  throw_if_set(cancel);
  // Decoders read lengths twice: nobody may write to what this one sees.
  const memory::OwnedBytesRef frozen = memory::copy_of(png, pool);
  const bmp::Layout layout = permitted_layout(frozen->bytes(), limits);
  RgbPicture picture = decoder.decode(frozen->bytes());
  throw_if_set(cancel);
  if (picture.refusal != nullptr) throw Error::refused(decoder.refused, picture.refusal);
  const std::size_t size = std::size_t{3} * layout.width * layout.height;  // below file_size
  if (picture.width != layout.width || picture.height != layout.height ||
      picture.rgb.size() != size) {
    throw Error::refused(decoder.refused, "what it decodes is not of IHDR's size");
  }
  return {std::move(picture), layout, frozen->copies()};
}

/// The plain way, on purpose: it shares no kernel with what it is compared to.
void write_bitmap(std::span<std::uint8_t> file, const Decoded& decoded, const CancelFlag* cancel) {
  const auto& [picture, layout, copies] = decoded;
  bmp::write_headers(file, layout, picture.resolution);
  const std::uint8_t* from = picture.rgb.data();
  for (std::uint32_t y = 0; y < layout.height; ++y) {
    throw_if_set(cancel);
    std::uint8_t* to = file.subspan(layout.row_offset(y), layout.stride).data();
    std::uint8_t* const end = to + layout.stride;
    for (std::uint32_t x = 0; x < layout.width; ++x, from += 3, to += 3) {
      to[0] = from[2];
      to[1] = from[1];
      to[2] = from[0];
    }
    std::fill(to, end, std::uint8_t{0});
  }
}

}  // namespace

ConvertedBy convert_by(const RgbDecoder& decoder, std::span<const std::uint8_t> png,
                       const Limits& limits, const CancelFlag* cancel, memory::Pool& pool) try {
  static_cast<void>(permitted_layout(png, limits));  // a hopeless file costs no memory
  const Decoded decoded = decode(decoder, png, limits, cancel, pool);
  memory::Block block = pool.acquire(decoded.layout.file_size);
  write_bitmap(block.bytes(), decoded, cancel);
  return {{std::move(block), decoded.layout}, decoded.copies};
} catch (const std::bad_alloc&) {
  throw Error::of(ErrorCode::out_of_memory);
}

std::size_t convert_into_by(const RgbDecoder& decoder, std::span<const std::uint8_t> png,
                            std::span<std::uint8_t> out, const Limits& limits,
                            const CancelFlag* cancel, memory::Pool& pool) try {
  const auto check_room = [out](const bmp::Layout& layout) {
    if (out.size() >= layout.file_size) return;
    throw Error::limit(ErrorCode::output_too_small, out.size(), layout.file_size);
  };
  check_room(permitted_layout(png, limits));
  const Decoded decoded = decode(decoder, png, limits, cancel, pool);
  check_room(decoded.layout);  // another one, if `png` was rewritten meanwhile
  write_bitmap(out.first(decoded.layout.file_size), decoded, cancel);
  return decoded.layout.file_size;
} catch (const std::bad_alloc&) {
  throw Error::of(ErrorCode::out_of_memory);
}

}  // namespace pixelferry

#include "png/survey.hpp"

#include "errors.hpp"
#include "png/big_endian.hpp"
#include "png/chunks.hpp"

namespace pixelferry::png {
namespace {

constexpr std::uint32_t kMaxPngInteger = 0x7FFFFFFF;  // PNG specification 7.1
constexpr std::size_t kChunksBetweenLooks = 4096;     // at the cancel flag

class Surveyor {
 public:
  explicit Surveyor(const Header& header) : header_{header} {}

  void read(const Chunk& chunk) {
    if (chunk.type == ChunkType::idat) return note_idat(chunk);
    chunk.check_crc();
    switch (chunk.type) {
      case ChunkType::plte:
        return read_palette(chunk);
      case ChunkType::trns:
        return check_transparency(chunk);
      case ChunkType::phys:
        return read_density(chunk);
      default:
        if (!is_ancillary(chunk.type)) {
          throw Error::invalid(ErrorCode::unknown_critical_chunk, chunk.offset);
        }
    }
  }

  Survey finish(const Chunk& iend) const {
    iend.check_crc();
    if (header_.color_type == ColorType::palette && palette_size_ == 0) {
      throw Error::invalid(ErrorCode::missing_palette, iend.offset);
    }
    if (survey_.idat_count == 0) throw Error::invalid(ErrorCode::missing_idat, iend.offset);
    return survey_;
  }

 private:
  void note_idat(const Chunk& chunk) {
    if (survey_.idat_count++ == 0) survey_.first_idat = chunk.offset;
    survey_.idat_bytes += chunk.data.size();  // all lie in one file: no overflow
    survey_.idat_crc ^= chunk.crc;
  }

  void read_palette(const Chunk& plte) {
    const std::size_t size = plte.data.size() / 3;
    if (size == 0 || size > survey_.palette.size()) {
      throw Error::invalid(ErrorCode::bad_palette, plte.offset);
    }
    survey_.palette = {};
    for (std::size_t i = 0; i < size; ++i) {
      survey_.palette[i] = {plte.data[3 * i], plte.data[3 * i + 1], plte.data[3 * i + 2]};
    }
    palette_size_ = size;
  }

  /// Transparency is dropped in 24-bit output, but a wrong chunk is refused as lodepng does.
  void check_transparency(const Chunk& trns) const {
    const std::size_t size = trns.data.size();
    bool right = false;
    switch (header_.color_type) {
      case ColorType::palette:
        right = size <= palette_size_;
        break;
      case ColorType::gray:
        right = size == 2;
        break;
      case ColorType::rgb:
        right = size == 6;
        break;
      case ColorType::gray_alpha:
      case ColorType::rgba:
        break;
    }
    if (!right) throw Error::invalid(ErrorCode::bad_transparency, trns.offset);
  }

  void read_density(const Chunk& phys) {
    if (phys.data.size() != 9) return;  // a damaged ancillary chunk does no harm
    const std::uint32_t x = read_u32(phys.data.first<4>());
    const std::uint32_t y = read_u32(phys.data.subspan<4, 4>());
    const bool known = phys.data[8] == 1 && x <= kMaxPngInteger && y <= kMaxPngInteger;
    survey_.x_per_metre = known ? x : 0;
    survey_.y_per_metre = known ? y : 0;
  }

  const Header& header_;
  Survey survey_;
  std::size_t palette_size_ = 0;
};

}  // namespace

Survey survey_chunks(std::span<const std::uint8_t> png, const Header& header,
                     const CancelFlag* cancel) {
  Surveyor surveyor{header};
  ChunkReader chunks{png, kHeaderBytes};
  for (std::size_t count = 1;; ++count) {
    const Chunk chunk = chunks.next();
    if (chunk.type == ChunkType::iend) return surveyor.finish(chunk);
    surveyor.read(chunk);
    if (count % kChunksBetweenLooks == 0) throw_if_set(cancel);
  }
}

}  // namespace pixelferry::png

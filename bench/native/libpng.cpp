// libpng writing BGR rows straight into the BMP; Adam7 is put together by it, in place.
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <stdexcept>

#include "bmp_file.hpp"
#include "contender.hpp"

namespace pixelferry::bench {
namespace {

/// What libpng works with; its errors are thrown by whoever saw setjmp() return them.
class Reader {
 public:
  explicit Reader(Bytes png) : rest_{png} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, ignore);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      throw std::bad_alloc{};
    }
    png_set_read_fn(png_, this, read);
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // NOLINTBEGIN(cert-err52-cpp): libpng reports errors by longjmp(), past its own frames only.
  /// Reads up to the image data and asks for 8-bit BGR without alpha.
  void read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) throw std::runtime_error{"libpng refuses the header"};
    png_read_info(png_, info_);
    png_set_strip_16(png_);
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    png_set_gray_to_rgb(png_);
    png_set_strip_alpha(png_);
    png_set_bgr(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }
  void read_rows(std::vector<png_bytep>& rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) throw std::runtime_error{"libpng refuses the image data"};
    png_read_image(png_, rows.data());
    png_read_end(png_, nullptr);
  }
  // NOLINTEND(cert-err52-cpp)
  [[nodiscard]] std::uint32_t width() const { return png_get_image_width(png_, info_); }
  [[nodiscard]] std::uint32_t height() const { return png_get_image_height(png_, info_); }

 private:
  static void ignore(png_structp /*png*/, png_const_charp /*warning*/) {}
  static void read(png_structp png, png_bytep out, std::size_t size) {
    Bytes& rest = static_cast<Reader*>(png_get_io_ptr(png))->rest_;
    if (rest.size() < size) png_error(png, "truncated");
    std::ranges::copy(rest.first(size), out);
    rest = rest.subspan(size);
  }

  Bytes rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

void convert(Bytes png, const Sink& sink) {
  Reader reader{png};
  reader.read_header();
  BmpFile bmp{reader.width(), reader.height()};
  std::vector<png_bytep> rows(reader.height());
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = bmp.row(y);
  reader.read_rows(rows);
  sink(bmp.bytes());
}

}  // namespace

Contender libpng() {
  const auto prepare = [](Bytes png) -> Job {
    return [png](const Sink& sink) { convert(png, sink); };
  };
  return {.name = "libpng", .version = png_get_libpng_ver(nullptr), .prepare = prepare};
}

}  // namespace pixelferry::bench

#include "support/bombs.hpp"

#include "png/adam7.hpp"
#include "support/deflate_writer.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

constexpr png::Header kPixel{1, 1, png::ColorType::gray, 8, false};

Bytes repeated(const Bytes& part, std::size_t count) {
  Bytes result;
  result.reserve(part.size() * count);
  for (std::size_t i = 0; i < count; ++i) append(result, part);
  return result;
}

Bytes pixel_after(const Bytes& chunks) {
  return png_file(kPixel, joined({chunks, idat(zlib_stream(Bytes{0, 0}))}));
}

/// All rows are zeros, filtered by Paeth.
Bytes flat_png(const png::Header& header) {
  Bytes scanlines;
  for (const png::Pass& pass : png::Passes{header}) {
    Bytes row(1 + static_cast<std::size_t>(header.row_bytes(pass.width)));
    row[0] = 4;
    append(scanlines, repeated(row, pass.height));
  }
  return png_file(header, idat(zlib_stream(scanlines, 9)));
}

}  // namespace

Bytes png_of_empty_blocks(const png::Header& header, std::uint32_t rows, Random& random) {
  const auto row = static_cast<std::size_t>(1 + header.row_bytes(header.width));
  const Bytes scanlines(header.height * row);
  const Bytes deflated =
      deflate_with_empty_blocks(scanlines, rows * row, scanlines.size() / 4, random);
  return png_file(header, idat(zlib_wrapped(deflated, scanlines)));
}

std::vector<Bomb> bombs(Random& random) {
  using enum png::ColorType;
  const Bytes bomb = zlib_stream(Bytes(std::size_t{16} << 20), 9);
  const Bytes stream =
      zlib_stream(filtered_scanlines({300, 300, rgb, 8, false}, Filters::paeth, true, random));
  return {
      {"empty blocks", png_of_empty_blocks({1000, 1000, gray, 8, false}, 500, random), {}},
      {"empty blocks in IDATs of one byte",
       png_file({1000, 100, gray, 8, false},
                idats(zlib_wrapped(deflate_with_empty_blocks(Bytes(100'100), 0, 20'000, random),
                                   Bytes(100'100)),
                      1)),
       {}},
      {"IDATs of one byte", png_file({300, 300, rgb, 8, false}, idats(stream, 1)), {}},
      {"IDATs without data", pixel_after(repeated(chunk("IDAT"), 50'000)), {}},
      {"chunks without data", pixel_after(repeated(chunk("teSt"), 50'000)), {}},
      {"a bomb in zTXt", pixel_after(chunk("zTXt", joined({{'k', 0, 0}, bomb}))), {}},
      {"a bomb in iCCP", pixel_after(chunk("iCCP", joined({{'k', 0, 0}, bomb}))), {}},
      {"a bomb behind one pixel", png_file(kPixel, idat(bomb)), ErrorCode::too_much_data},
      {"a row of 65,535", flat_png({65'535, 1, rgba, 16, true}), {}},
      {"a column of 65,535", flat_png({1, 65'535, gray, 1, true}), {}},
      {"large dimensions and no data",
       png_file({65'535, 100, rgb, 8, false}, idat(zlib_stream(Bytes{0, 0}))),
       ErrorCode::too_little_data},
      {"all Paeth", flat_png({500, 500, rgba, 16, false}), {}},
  };
}

}  // namespace pixelferry::test

// Files whose chunks are swapped, doubled, cut, damaged or out of place are judged as lodepng
// judges them, and give the same picture where both accept.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/outcome.hpp"
#include "support/png_builder.hpp"
#include "support/reference.hpp"

namespace pixelferry::test {
namespace {

struct Piece {
  std::string type;
  Bytes data;
  bool damaged = false;
};

/// The chunks between IHDR and IEND of a random small picture.
std::vector<Piece> good_pieces(const png::Header& header, Random& random) {
  std::vector<Piece> pieces;
  if (header.color_type == png::ColorType::palette || random.below(4) == 0) {
    pieces.push_back({"PLTE", random.bytes(3 * (1 + random.below(20)))});
  }
  const Bytes stream =
      zlib_stream(filtered_scanlines(header, Filters::mixed, random.below(2) == 0, random));
  const auto cut = static_cast<std::ptrdiff_t>(random.below(stream.size() + 1));
  pieces.push_back({"IDAT", {stream.begin(), stream.begin() + cut}});
  pieces.push_back({"IDAT", {stream.begin() + cut, stream.end()}});
  return pieces;
}

void change(std::vector<Piece>& pieces, Random& random) {
  // lodepng looks into no ancillary chunk of these but tRNS, so there is nothing to differ about.
  constexpr const char* kTypes[] = {"IHDR", "PLTE", "tRNS", "tRNS", "IDAT", "IEND", "abCd", "ABCD"};
  const auto any = [&]() -> Piece& { return pieces[random.below(pieces.size())]; };
  switch (random.below(6)) {
    case 0: {
      const auto at = static_cast<std::ptrdiff_t>(random.below(pieces.size() + 1));
      const std::size_t size = random.below(2) == 0 ? random.below(12) : 2 + 4 * random.below(2);
      pieces.insert(pieces.begin() + at,
                    {kTypes[random.below(std::size(kTypes))], random.bytes(size)});
      break;
    }
    case 1: {
      Bytes& data = any().data;
      if (!data.empty()) {
        data[random.below(data.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
      }
      break;
    }
    case 2: {
      Bytes& data = any().data;
      data.resize(random.below(data.size() + 3));
      break;
    }
    case 3:
      std::swap(any(), any());
      break;
    case 4:
      any().damaged = true;
      break;
    default:
      pieces.push_back(any());
      break;
  }
}

Bytes file_of(const png::Header& header, const std::vector<Piece>& pieces) {
  Bytes middle;
  for (const Piece& piece : pieces) {
    append(middle,
           piece.damaged ? damaged_chunk(piece.type, piece.data) : chunk(piece.type, piece.data));
  }
  return png_file(header, middle);
}

/// The image data up to IEND.
Bytes stream_of(const std::vector<Piece>& pieces) {
  Bytes stream;
  for (const Piece& piece : pieces) {
    if (piece.type == "IEND") break;
    if (piece.type == "IDAT") append(stream, piece.data);
  }
  return stream;
}

bool unknown_chunk_is_damaged(const std::vector<Piece>& pieces) {
  return std::ranges::any_of(pieces, [](const Piece& p) { return p.type == "abCd" && p.damaged; });
}

TEST_CASE("changed files are accepted and refused as by lodepng") {
  Random random;
  const std::vector<png::Header> formats = all_formats();
  int accepted = 0;
  for (int round = 0; round < 15'000; ++round) {
    png::Header header = formats[random.below(formats.size())];
    header.width = static_cast<std::uint32_t>(1 + random.below(9));
    header.height = static_cast<std::uint32_t>(1 + random.below(9));
    header.interlaced = random.below(2) == 0;
    std::vector<Piece> pieces = good_pieces(header, random);
    for (std::size_t changes = random.below(4); changes > 0; --changes) change(pieces, random);

    const Bytes file = file_of(header, pieces);
    const Reference lodepng = reference(file);
    const Outcome found = outcome(file);
    CAPTURE(round);
    CAPTURE(lodepng.lodepng_error);
    if (!found.fault) {
      ++accepted;
      REQUIRE((lodepng.lodepng_error == 0 || lodepng.lodepng_error == kIncompleteCode ||
               lodepng.lodepng_error == kUndefinedLength));
      if (lodepng.lodepng_error == 0) REQUIRE(found.bmp == lodepng.bmp);
    } else if (lodepng.lodepng_error == 0) {
      // On purpose stricter: CRCs of unknown chunks, and where Adler-32 stands.
      CAPTURE(found.fault->code);
      REQUIRE((unknown_chunk_is_damaged(pieces) || !zlib_accepts(stream_of(pieces))));
    }
  }
  CHECK(accepted > 1000);
}

}  // namespace
}  // namespace pixelferry::test

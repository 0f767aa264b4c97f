#include "png_mutator.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "byte_mutation.hpp"
#include "errors.hpp"
#include "png/adam7.hpp"
#include "stream_mutator.hpp"
#include "support/png_builder.hpp"
#include "support/png_parts.hpp"

namespace pixelferry::fuzz {
namespace {

using test::Bytes;
using test::PngPart;
using test::PngParts;
using test::Random;

constexpr std::uint32_t kMostPixels = 1U << 18;  // what the target converts

std::uint32_t random_side(Random& random) {
  static constexpr std::array<std::size_t, 5> kSides{9, 70, 300, 5000, 70'000};
  return static_cast<std::uint32_t>(1 + random.below(kSides[random.below(kSides.size())]));
}

/// Brings the product of the sides below the limit, mostly far below.
void bound(png::Header& header, Random& random) {
  const std::uint32_t most = random.once_in(64) ? kMostPixels : 4096;
  header.width = std::min(header.width, most);
  header.height = std::min(header.height, most);
  if (std::uint64_t{header.width} * header.height <= most) return;
  if (random.once_in(2)) {
    header.width = most / header.height;
  } else {
    header.height = most / header.width;
  }
}

png::Header header_of(const PngParts& png, Random& random) {
  try {
    return png::read_header(png.head);
  } catch (const Error&) {
    const std::vector<png::Header> formats = test::all_formats();
    return formats[random.below(formats.size())];
  }
}

void change(png::Header& header, Random& random) {
  switch (random.below(5)) {
    case 0:
      header.width = random.once_in(2) ? random_side(random) : header.width + 1;
      break;
    case 1:
      header.height = random.once_in(2) ? random_side(random) : header.height + 1;
      break;
    case 2:
      header.interlaced = !header.interlaced;
      break;
    case 3: {
      const std::vector<png::Header> formats = test::all_formats();
      const png::Header& format = formats[random.below(formats.size())];
      header.color_type = format.color_type;
      header.bit_depth = format.bit_depth;
      break;
    }
    default:
      break;
  }
}

void set_header(PngParts& png, const png::Header& header) {
  png.head = test::joined({test::signature(), test::ihdr(header)});
}

void repair_head(PngParts& png) {
  if (png.head.size() != png::kHeaderBytes) return;
  const std::span<const std::uint8_t> data = std::span{png.head}.subspan(16, 13);
  const Bytes whole = test::chunk("IHDR", data);
  std::copy(whole.end() - 4, whole.end(), png.head.end() - 4);
}

/// Makes `scanlines` as many as the header asks for, with filter types that there are.
void fit(Bytes& scanlines, const png::Header& header, Random& random) {
  const std::size_t wrong = random.once_in(16) ? random.below(1000) : SIZE_MAX;  // row left wrong
  const std::size_t change = 1 + random.below(random.once_in(2) ? 4 : 100);
  std::size_t at = 0;
  std::size_t row = 0;
  for (const png::Pass& pass : png::Passes{header}) {
    const auto filtered = 1 + static_cast<std::size_t>(header.row_bytes(pass.width));
    for (std::uint32_t y = 0; y < pass.height; ++y, ++row, at += filtered) {
      if (scanlines.size() < at + filtered) {
        const std::size_t missing = at + filtered - scanlines.size();
        // Noise is short of room; mostly what came before is repeated.
        if (missing < 300 && random.once_in(2)) {
          test::append(scanlines, random.bytes(missing));
        } else {
          scanlines.resize(at + filtered, random.byte());
        }
      }
      std::uint8_t& type = scanlines[at];
      if (row == wrong) continue;
      if (type > 4 || random.once_in(change)) type = static_cast<std::uint8_t>(random.below(5));
    }
  }
  scanlines.resize(at);
  if (random.once_in(30)) scanlines.resize(at + random.below(3));
  if (random.once_in(30)) scanlines.resize(at - std::min<std::size_t>(at, random.below(3)));
}

PngPart idat_of(std::span<const std::uint8_t> data) { return {"IDAT", {data.begin(), data.end()}}; }

/// Puts `stream` where the first IDAT stood, as one or several, and removes the others.
void set_stream(PngParts& png, const Bytes& stream, Random& random) {
  std::vector<PngPart>& parts = png.parts;
  const auto is_idat = [](const PngPart& part) { return part.type == "IDAT"; };
  auto first = std::ranges::find_if(parts, is_idat);
  if (first == parts.end()) {
    first = std::ranges::find(parts, "IEND", &PngPart::type);
  }
  const auto at = first - parts.begin();
  std::erase_if(parts, is_idat);

  std::vector<PngPart> pieces;
  std::span<const std::uint8_t> rest{stream};
  if (random.once_in(3)) {
    const std::size_t most = 1 + random.below(random.once_in(2) ? 12 : stream.size() + 1);
    while (!rest.empty() && pieces.size() < 60) {
      const std::size_t size = std::min(rest.size(), random.below(most + 1));
      pieces.push_back(idat_of(rest.first(size)));
      rest = rest.subspan(size);
      if (random.once_in(40)) pieces.push_back({"abCd", random.bytes(random.below(4))});
    }
  }
  pieces.push_back(idat_of(rest));
  parts.insert(parts.begin() + at, pieces.begin(), pieces.end());
}

PngPart random_chunk(const png::Header& header, Random& random) {
  switch (random.below(5)) {
    case 0:
      return {"PLTE", random.bytes(3 * (1 + random.below(random.once_in(4) ? 256 : 20)))};
    case 1: {
      const std::size_t right = header.color_type == png::ColorType::gray  ? 2
                                : header.color_type == png::ColorType::rgb ? 6
                                                                           : 1 + random.below(8);
      return {"tRNS", random.bytes(random.once_in(4) ? random.below(9) : right)};
    }
    case 2: {
      Bytes density = random.bytes(9);
      if (!random.once_in(3)) density[0] = density[4] = 0;
      density[8] = static_cast<std::uint8_t>(random.below(3));
      return {"pHYs", density};
    }
    case 3: {
      static constexpr std::array<const char*, 12> kTypes{"gAMA", "tEXt", "zTXt", "iCCP",
                                                          "bKGD", "sBIT", "IDAT", "IHDR",
                                                          "IEND", "abCd", "ABCD", "fdAT"};
      return {kTypes[random.below(kTypes.size())], random.bytes(random.below(20))};
    }
    default: {
      const Bytes type = random.bytes(4);
      return {{type.begin(), type.end()}, random.bytes(random.below(5))};
    }
  }
}

void change_chunks(PngParts& png, Random& random) {
  std::vector<PngPart>& parts = png.parts;
  const auto any = [&] { return static_cast<std::ptrdiff_t>(random.below(parts.size() + 1)); };
  const std::ptrdiff_t at = any();
  if (parts.empty() || random.once_in(3)) {
    parts.insert(parts.begin() + at, random_chunk(header_of(png, random), random));
    return;
  }
  PngPart& part = parts[random.below(parts.size())];
  switch (random.below(5)) {
    case 0:
      std::swap(part, parts[random.below(parts.size())]);
      break;
    case 1:
      parts.insert(parts.begin() + at, PngPart{part});
      break;
    case 2:
      parts.erase(parts.begin() + (&part - parts.data()));
      break;
    case 3:
      mutate_bytes(part.data, part.data.size() + 8);
      break;
    default:
      part.crc_error = random.once_in(2) ? 0 : 1U << random.below(32);
      break;
  }
}

/// A palette picture without a palette is refused before anything else is looked at.
void give_palette(PngParts& png, const png::Header& header, Random& random) {
  if (header.color_type != png::ColorType::palette || random.once_in(20)) return;
  if (std::ranges::find(png.parts, "PLTE", &PngPart::type) != png.parts.end()) return;
  png.parts.insert(png.parts.begin(), {"PLTE", random.bytes(3 * (1 + random.below(20)))});
}

/// Another picture out of the scanlines of this one.
void change_scanlines(PngParts& png, Random& random) {
  png::Header header = header_of(png, random);
  Bytes scanlines = inflated(png.stream());
  change(header, random);
  bound(header, random);
  fit(scanlines, header, random);
  if (random.once_in(2)) mutate_stretch(scanlines, random);
  set_header(png, header);
  give_palette(png, header, random);
  set_stream(png, compressed(scanlines, random), random);
}

}  // namespace

Bytes mutated_png(std::span<const std::uint8_t> png, std::size_t most, std::uint64_t seed) {
  Random random{seed};
  if (random.once_in(16)) {
    Bytes bytes{png.begin(), png.end()};
    mutate_bytes(bytes, most);
    return bytes;
  }
  PngParts parts = test::take_apart(png);
  switch (random.below(8)) {
    case 0: {
      Bytes bytes{png.begin(), png.end()};
      mutate_bytes(bytes, most);
      parts = test::take_apart(bytes);
      for (PngPart& part : parts.parts) part.crc_error = 0;
      repair_head(parts);
      break;
    }
    case 1:
    case 2:
      change_chunks(parts, random);
      break;
    case 3:
      set_stream(parts, mutated_stream(parts.stream(), most, random), random);
      break;
    case 4:
      set_stream(parts, parts.stream(), random);
      break;
    default:
      change_scanlines(parts, random);
      if (random.once_in(4)) change_chunks(parts, random);
      break;
  }
  return test::put_together(parts);
}

}  // namespace pixelferry::fuzz

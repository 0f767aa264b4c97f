// Writes the inputs that fuzzing starts from: FOLDER/convert/*.png and FOLDER/inflate/*.zlib.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "support/deflate_writer.hpp"
#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

void write(const std::filesystem::path& path, const Bytes& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file{path, std::ios::binary};
  file.exceptions(std::ios::failbit | std::ios::badbit);
  std::ranges::copy(bytes, std::ostreambuf_iterator<char>{file});
}

/// Every format, plain and interlaced, with rows from a byte to several windows.
void write_pictures(const std::filesystem::path& folder, Random& random) {
  int count = 0;
  for (png::Header header : all_formats()) {
    for (const bool interlaced : {false, true}) {
      for (const std::uint32_t width : {1U, 13U, 100U}) {
        header.interlaced = interlaced;
        header.width = width;
        header.height = 12;
        write(folder / (std::to_string(count++) + ".png"),
              random_png(header, Filters::mixed, random));
      }
    }
  }
  const png::Header wide{70'000, 3, png::ColorType::rgb, 8, false};
  const Bytes flat(3 * (1 + wide.row_bytes(wide.width)), 1);
  write(folder / "wide.png", png_file(wide, idat(zlib_stream(flat))));
}

void write_streams(const std::filesystem::path& folder, Random& random) {
  for (int i = 0; i < 40; ++i) {
    Bytes data = random.bytes(random.below(4000));
    const std::size_t alphabet = 1 + random.below(256);
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(byte % alphabet);
    const auto codes = i % 4 == 0 ? Codes::gaps : Codes::complete;
    write(folder / (std::to_string(i) + ".zlib"),
          i % 2 == 0 ? zlib_wrapped(random_deflate(data, codes, random), data)
                     : zlib_stream(data, i % 10));
  }
}

}  // namespace
}  // namespace pixelferry::test

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder{argv[1]};
  pixelferry::test::Random random;
  std::cout << "PIXELFERRY_TEST_SEED=" << pixelferry::test::seed() << '\n';
  pixelferry::test::write_pictures(folder / "convert", random);
  pixelferry::test::write_streams(folder / "inflate", random);
}

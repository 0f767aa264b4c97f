// The passes of a picture: one, or the seven of Adam7 (PNG specification 8).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "png/header.hpp"

namespace pixelferry::png {

/// A reduced image: its pixel (x, y) is pixel (x0 + x × dx, y0 + y × dy) of the picture.
struct Pass {
  std::uint32_t x0;
  std::uint32_t y0;
  std::uint32_t dx;
  std::uint32_t dy;
  std::uint32_t width;
  std::uint32_t height;
};

/// The passes that have pixels, in the order of the stream; the others contribute no bytes.
class Passes {
 public:
  explicit constexpr Passes(const Header& header) noexcept {
    if (!header.interlaced) {
      add({0, 0, 1, 1, header.width, header.height});
      return;
    }
    for (const Pass& grid : kAdam7) {
      Pass pass = grid;
      pass.width = steps(header.width, grid.x0, grid.dx);
      pass.height = steps(header.height, grid.y0, grid.dy);
      if (pass.width != 0 && pass.height != 0) add(pass);
    }
  }

  [[nodiscard]] constexpr const Pass* begin() const noexcept { return passes_.data(); }
  [[nodiscard]] constexpr const Pass* end() const noexcept { return passes_.data() + count_; }

 private:
  static constexpr std::array<Pass, 7> kAdam7{{{0, 0, 8, 8, 0, 0},
                                               {4, 0, 8, 8, 0, 0},
                                               {0, 4, 4, 8, 0, 0},
                                               {2, 0, 4, 4, 0, 0},
                                               {0, 2, 2, 4, 0, 0},
                                               {1, 0, 2, 2, 0, 0},
                                               {0, 1, 1, 2, 0, 0}}};

  /// How many of start, start + step, … are below size.
  static constexpr std::uint32_t steps(std::uint32_t size, std::uint32_t start,
                                       std::uint32_t step) noexcept {
    return size <= start ? 0 : (size - start - 1) / step + 1;
  }
  constexpr void add(const Pass& pass) noexcept { passes_[count_++] = pass; }

  std::array<Pass, 7> passes_{};
  std::size_t count_ = 0;
};

}  // namespace pixelferry::png

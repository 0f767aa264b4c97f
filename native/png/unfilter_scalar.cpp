#include <array>
#include <cstdlib>
#include <utility>

#include "png/unfilter_levels.hpp"

namespace pixelferry::png {
namespace {

using Byte = std::uint8_t;

/// Calls step(0) … step(N - 1), unrolled, so that a pixel's left neighbours stay in registers.
template <std::size_t N, typename Step>
void unrolled(Step step) noexcept {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (step(I), ...);
  }(std::make_index_sequence<N>{});
}

template <std::size_t Bpp>
void sub(Byte* row, const Byte* /*prior*/, std::size_t size) noexcept {
  std::array<Byte, Bpp> left{};
  for (std::size_t i = 0; i < size; i += Bpp) {
    unrolled<Bpp>(
        [&](std::size_t k) { row[i + k] = left[k] = static_cast<Byte>(row[i + k] + left[k]); });
  }
}

void up(Byte* row, const Byte* prior, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; ++i) row[i] = static_cast<Byte>(row[i] + prior[i]);
}

template <std::size_t Bpp>
void average(Byte* row, const Byte* prior, std::size_t size) noexcept {
  std::array<unsigned, Bpp> left{};
  for (std::size_t i = 0; i < size; i += Bpp) {
    unrolled<Bpp>([&](std::size_t k) {
      left[k] = (row[i + k] + (left[k] + prior[i + k]) / 2) & 0xFF;
      row[i + k] = static_cast<Byte>(left[k]);
    });
  }
}

/// PNG specification 9.4. Written with selections instead of branches: which neighbour wins is as
/// good as random in a photo.
inline int predict(int left, int above, int above_left) noexcept {
  const int from_left = std::abs(above - above_left);
  const int from_above = std::abs(left - above_left);
  const int from_above_left = std::abs(left + above - 2 * above_left);
  const int nearer = from_left <= from_above ? left : above;
  const int distance = from_left <= from_above ? from_left : from_above;
  return distance <= from_above_left ? nearer : above_left;
}

template <std::size_t Bpp>
void paeth(Byte* row, const Byte* prior, std::size_t size) noexcept {
  std::array<int, Bpp> left{};
  std::array<int, Bpp> above_left{};
  for (std::size_t i = 0; i < size; i += Bpp) {
    unrolled<Bpp>([&](std::size_t k) {
      const int above = prior[i + k];
      left[k] = (row[i + k] + predict(left[k], above, above_left[k])) & 0xFF;
      above_left[k] = above;
      row[i + k] = static_cast<Byte>(left[k]);
    });
  }
}

template <std::size_t Bpp>
struct Level {
  static constexpr UnfilterKernels kKernels{
      .sub = sub<Bpp>, .up = up, .average = average<Bpp>, .paeth = paeth<Bpp>};
};

}  // namespace

const UnfilterKernels& unfilter_kernels_scalar(std::size_t bytes_per_pixel) noexcept {
  return kernels_of<Level>(bytes_per_pixel);
}

}  // namespace pixelferry::png

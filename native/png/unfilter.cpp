#include "png/unfilter.hpp"

#include <algorithm>

#include "png/unfilter_levels.hpp"

namespace pixelferry::png {
namespace {

constexpr UnfilterVariant kVariants[]{
#if defined(__x86_64__)
    {SimdLevel::avx2, unfilter_kernels_avx2},
    {SimdLevel::sse41, unfilter_kernels_sse41},
    {SimdLevel::ssse3, unfilter_kernels_ssse3},
#elif defined(__aarch64__)
    {SimdLevel::neon, unfilter_kernels_neon},
#endif
    {SimdLevel::scalar, unfilter_kernels_scalar},
};

/// Time for one scanline alone where Sub takes 1, measured with 3 and 4 bytes per pixel.
unsigned cost_alone(FilterType type) noexcept {
  switch (type) {
    case FilterType::average:
      return 4;
    case FilterType::paeth:
      return 8;
    case FilterType::sub:
      return 1;
    case FilterType::none:
    case FilterType::up:
      break;
  }
  return 0;
}

bool waits_for_left(FilterType type) noexcept { return cost_alone(type) > 1; }

/// Least time for `rows` scanlines from `first` on with these wavefronts, each for the rows that
/// the one before it has no use for.
unsigned cost(const Scanlines& lines, std::size_t first, std::size_t rows,
              std::span<const Wavefront> waves) noexcept {
  unsigned sum = 0;
  if (waves.empty() || waves.front().rows == 0) {
    for (std::size_t i = first; i < first + rows; ++i) sum += cost_alone(lines.filter(i));
    return sum;
  }
  const Wavefront& wave = waves.front();
  for (; rows >= wave.rows; first += wave.rows, rows -= wave.rows) {
    sum += std::min(wave.cost, cost(lines, first, wave.rows, waves.subspan(1)));
  }
  return sum + cost(lines, first, rows, waves.subspan(1));
}

/// The wavefront that pays from scanline `first` on, or null. `waits` tells whether to wait for
/// more scanlines instead.
const Wavefront* best_wavefront(const UnfilterKernels& kernels, const Scanlines& lines,
                                std::size_t first, std::size_t room, bool& waits) noexcept {
  const std::size_t left = lines.count() - first;
  std::span<const Wavefront> waves{kernels.wavefronts};
  for (; !waves.empty() && waves.front().rows != 0; waves = waves.subspan(1)) {
    const Wavefront& wave = waves.front();
    if (lines.stride - 1 < wave.min_size) continue;
    waits = left < wave.rows && room > wave.rows;
    if (waits) return nullptr;
    if (left >= wave.rows && wave.cost < cost(lines, first, wave.rows, waves.subspan(1))) {
      return &wave;
    }
  }
  return nullptr;
}

void unfilter_one(const UnfilterKernels& kernels, const Scanlines& lines, std::size_t i) noexcept {
  const std::span<std::uint8_t> row = lines.row(i);
  const std::uint8_t* const prior = lines.row(i - 1).data();
  switch (lines.filter(i)) {
    case FilterType::none:
      break;
    case FilterType::sub:
      kernels.sub(row.data(), prior, row.size());
      break;
    case FilterType::up:
      kernels.up(row.data(), prior, row.size());
      break;
    case FilterType::average:
      kernels.average(row.data(), prior, row.size());
      break;
    case FilterType::paeth:
      kernels.paeth(row.data(), prior, row.size());
      break;
  }
}

}  // namespace

std::span<const UnfilterVariant> unfilter_variants() noexcept { return kVariants; }

const UnfilterKernels& unfilter_kernels(std::size_t bytes_per_pixel) noexcept {
  return usable(kVariants).kernels(bytes_per_pixel);
}

std::size_t unfilter(const UnfilterKernels& kernels, const Scanlines& lines,
                     std::size_t room) noexcept {
  std::size_t done = 1;
  while (done < lines.count()) {
    if (waits_for_left(lines.filter(done))) {
      bool waits = false;
      const Wavefront* const wave = best_wavefront(kernels, lines, done, room, waits);
      if (waits) return done;
      if (wave != nullptr) {
        wave->kernel(lines.row(done).data(), lines.stride, lines.stride - 1);
        done += wave->rows;
        continue;
      }
    }
    unfilter_one(kernels, lines, done++);
  }
  return done;
}

}  // namespace pixelferry::png

#include "png/unfilter.hpp"

#include <algorithm>

#include "png/unfilter_scalar.hpp"

#if defined(__x86_64__)
#include "png/unfilter_avx2.hpp"
#include "png/unfilter_sse41.hpp"
#include "png/unfilter_ssse3.hpp"
#endif

namespace pixelferry::png {
namespace {

constexpr UnfilterVariant kVariants[]{
#if defined(__x86_64__)
    {SimdLevel::avx2, unfilter_kernels_avx2},
    {SimdLevel::sse41, unfilter_kernels_sse41},
    {SimdLevel::ssse3, unfilter_kernels_ssse3},
#endif
    {SimdLevel::scalar, unfilter_kernels_scalar},
};

bool waits_for_left(FilterType type) noexcept {
  return type == FilterType::average || type == FilterType::paeth;
}

/// Whether a wavefront over the scanlines [begin, begin + rows) is worth it. It takes about as long
/// as two that wait, one after the other, while None, Sub and Up alone are done far sooner.
bool worth_wavefront(const Scanlines& lines, std::size_t begin, std::size_t rows) noexcept {
  std::size_t waiting = 0;
  for (std::size_t i = begin; i < begin + rows; ++i) waiting += waits_for_left(lines.filter(i));
  return waiting >= 2;
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

std::size_t unfilter(const UnfilterKernels& kernels, const Scanlines& lines, bool more) noexcept {
  const std::size_t count = lines.count();
  std::size_t done = 1;
  while (done < count) {
    const std::size_t left = count - done;
    std::size_t step = 0;
    if (waits_for_left(lines.filter(done))) {
      for (const Wavefront& wave : kernels.wavefronts) {
        if (wave.rows == 0 || lines.stride - 1 < wave.min_size) continue;
        if (left < wave.rows && more) return done;
        if (left < wave.rows || !worth_wavefront(lines, done, wave.rows)) continue;
        wave.kernel(lines.row(done).data(), lines.stride, lines.stride - 1);
        step = wave.rows;
        break;
      }
    }
    if (step == 0) {
      unfilter_one(kernels, lines, done);
      step = 1;
    }
    done += step;
  }
  return done;
}

}  // namespace pixelferry::png

#include "png/unfilter_kernels16.hpp"
#include "png/unfilter_levels.hpp"
#include "png/unfilter_vec128.hpp"

namespace pixelferry::png {
namespace {

template <std::size_t Bpp>
struct Level {
  static constexpr UnfilterKernels kKernels = kernels_of_16_bytes<Vec128, Bpp>();
};

}  // namespace

const UnfilterKernels& unfilter_kernels_ssse3(std::size_t bytes_per_pixel) noexcept {
  return kernels_of<Level>(bytes_per_pixel);
}

}  // namespace pixelferry::png

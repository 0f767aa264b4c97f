#include "png/unfilter_kernels16.hpp"
#include "png/unfilter_levels.hpp"
#include "png/unfilter_vec_neon.hpp"

namespace pixelferry::png {
namespace {

template <std::size_t Bpp>
struct Level {
  static constexpr UnfilterKernels kKernels = kernels_of_16_bytes<VecNeon, Bpp>();
};

}  // namespace

const UnfilterKernels& unfilter_kernels_neon(std::size_t bytes_per_pixel) noexcept {
  return kernels_of<Level>(bytes_per_pixel);
}

}  // namespace pixelferry::png

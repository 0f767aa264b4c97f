#include "png/unfilter_levels.hpp"
#include "png/unfilter_row.hpp"
#include "png/unfilter_vec_neon.hpp"
#include "png/unfilter_wavefront.hpp"

namespace pixelferry::png {
namespace {

template <std::size_t Bpp>
struct Level {
  static constexpr UnfilterKernels kKernels{
      .sub = sub<VecNeon, Bpp>,
      .up = up<VecNeon>,
      .average = decode_row<VecNeon, WideLanes<Bpp>, Average>,
      .paeth = decode_row<VecNeon, WideLanes<Bpp>, Paeth>,
      .wavefronts = {wavefront_of<VecNeon, TightLanes<Bpp>>(), wavefront_of_few<VecNeon, Bpp>()}};
};

}  // namespace

const UnfilterKernels& unfilter_kernels_neon(std::size_t bytes_per_pixel) noexcept {
  return kernels_of<Level>(bytes_per_pixel);
}

}  // namespace pixelferry::png

#include "png/unfilter_levels.hpp"
#include "png/unfilter_row.hpp"
#include "png/unfilter_vec128.hpp"
#include "png/unfilter_wavefront.hpp"

namespace pixelferry::png {
namespace {

template <std::size_t Bpp>
struct Level {
  static constexpr UnfilterKernels kKernels{
      .sub = sub<Vec128, Bpp>,
      .up = up<Vec128>,
      .average = decode_row<Vec128, WideLanes<Bpp>, Average>,
      .paeth = decode_row<Vec128, WideLanes<Bpp>, Paeth>,
      .wavefronts = {wavefront_of<Vec128, TightLanes<Bpp>>(), wavefront_of_few<Vec128, Bpp>()}};
};

}  // namespace

const UnfilterKernels& unfilter_kernels_sse41(std::size_t bytes_per_pixel) noexcept {
  return kernels_of<Level>(bytes_per_pixel);
}

}  // namespace pixelferry::png

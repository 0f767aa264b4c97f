#include "png/unfilter_sse41.hpp"

#include "png/unfilter_row.hpp"
#include "png/unfilter_vec128.hpp"
#include "png/unfilter_wavefront.hpp"

namespace pixelferry::png {
namespace {

template <std::size_t Bpp>
constexpr UnfilterKernels kKernels{.sub = sub<Vec128, Bpp>,
                                   .up = up<Vec128>,
                                   .average = decode_row<Vec128, Bpp, Average>,
                                   .paeth = decode_row<Vec128, Bpp, Paeth>,
                                   .wavefronts = {wavefront_of<Vec128, Bpp>()}};

}  // namespace

const UnfilterKernels& unfilter_kernels_sse41(std::size_t bytes_per_pixel) noexcept {
  switch (bytes_per_pixel) {
    case 2:
      return kKernels<2>;
    case 3:
      return kKernels<3>;
    case 4:
      return kKernels<4>;
    case 6:
      return kKernels<6>;
    case 8:
      return kKernels<8>;
    default:
      return kKernels<1>;
  }
}

}  // namespace pixelferry::png

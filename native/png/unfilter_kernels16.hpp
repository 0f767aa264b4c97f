// The unfilter kernels of a SIMD level whose vectors have 16 bytes. Included by the files of one
// level only; all of it is local to them.
#pragma once

#include "png/unfilter.hpp"
#include "png/unfilter_row.hpp"
#include "png/unfilter_wavefront.hpp"

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

template <typename V, std::size_t Bpp>
constexpr UnfilterKernels kernels_of_16_bytes() noexcept {
  return {.sub = sub<V, Bpp>,
          .up = up<V>,
          .average = decode_row<V, WideLanes<Bpp>, Average>,
          .paeth = decode_row<V, WideLanes<Bpp>, Paeth>,
          .wavefronts = {wavefront_of<V, TightLanes<Bpp>>(), wavefront_of_few<V, Bpp>()}};
}

}  // namespace
}  // namespace pixelferry::png

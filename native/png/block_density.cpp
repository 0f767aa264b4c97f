#include "png/block_density.hpp"

#include <algorithm>

#include "png/idat.hpp"

namespace pixelferry::png {

void BlockDensity::note(std::size_t bytes, bool in_header) noexcept {
  left_ -= bytes;
  if (left_ > 0) return;
  ++places_seen_;
  if (in_header) ++in_headers_;
  span_ = std::min(2 * span_, IdatReader::kPieceBytes);
  left_ = draw();
}

}  // namespace pixelferry::png

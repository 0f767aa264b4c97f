// The Paeth predictor over vectors of bytes. Included by the files of one SIMD level only.
#pragma once

namespace pixelferry::png {
namespace {  // NOLINT(cert-dcl59-cpp): what the files emit must be their own

/// PNG specification 9.4 on bytes, `x` added. The prediction p = a + b - c is as far from the lower
/// of a and b as c is from the higher one, and the other way round; c is nearest to p if neither of
/// these distances is twice the other. If c is not between a and b, the one far from it is nearest:
/// taking the lowest and the highest of all three makes one distance 0 then, with the same outcome.
/// a and b never tie unless c is nearer or all are equal.
template <typename V>
inline typename V::Vec plus_paeth(typename V::Vec x, typename V::Vec a, typename V::Vec b,
                                  typename V::Vec c) noexcept {
  // b and c are known long before a: only what depends on a keeps the next pixel waiting.
  const auto low = V::min(a, V::min(b, c));
  const auto high = V::max(a, V::max(b, c));
  const auto to_low = V::subtract(high, c);
  const auto to_high = V::subtract(c, low);
  const auto nearer = V::min(to_low, to_high);
  const auto farther = V::max(to_low, to_high);
  const auto difference = V::subtract(farther, nearer);
  const auto not_c = V::equal(V::max(difference, nearer), difference);
  const auto is_low = V::equal(to_high, farther);
  const auto one_of_two = V::select(is_low, V::add(x, low), V::add(x, high));
  return V::select(not_c, one_of_two, V::add(x, c));
}

}  // namespace
}  // namespace pixelferry::png

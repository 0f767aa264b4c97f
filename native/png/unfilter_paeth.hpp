// The Paeth predictor over vectors of bytes. Included by the files of one SIMD level only.
#pragma once

namespace pixelferry::png {
namespace {

/// PNG specification 9.4 on bytes, `x` added. The prediction p = a + b - c is as far from min(a, b)
/// as c is from max(a, b), and the other way round, and both distances fit a byte where they matter:
/// if c is not between a and b, one of them is 0 and wins. c wins if neither distance is twice the
/// other. a and b never tie unless c is nearer or all are equal.
template <typename V>
inline typename V::Vec plus_paeth(typename V::Vec x, typename V::Vec a, typename V::Vec b,
                                  typename V::Vec c) noexcept {
  const auto low = V::min(a, b);
  const auto high = V::max(a, b);
  const auto to_low = V::subtract_saturated(high, c);
  const auto to_high = V::subtract_saturated(c, low);
  const auto nearer = V::min(to_low, to_high);
  const auto farther = V::max(to_low, to_high);
  // c is nearest if farther < 2 × nearer. Half of `farther`, rounded up past even numbers, is at
  // most 128 and `nearer` at most 127: their difference fits a signed byte.
  const auto half = V::average(farther, V::ones());
  const auto not_c = V::subtract(nearer, half);
  const auto is_low = V::equal(to_high, farther);
  const auto one_of_two = V::select(is_low, V::add(x, low), V::add(x, high));
  return V::select_by_sign(not_c, one_of_two, V::add(x, c));
}

}  // namespace
}  // namespace pixelferry::png

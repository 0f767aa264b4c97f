#include <iterator>
#include <utility>

#include "contender.hpp"

namespace pixelferry::bench {

const std::vector<Contender>& contenders() {
  static const std::vector<Contender> all = [] {
    std::vector<Contender> list = pixelferry_at_each_level();
    list.push_back(article());
    list.push_back(lodepng_tight());
#ifdef PIXELFERRY_BENCH_SPNG
    list.push_back(spng());
#endif
#ifdef PIXELFERRY_BENCH_LIBPNG
    list.push_back(libpng());
#endif
    for (Contender& limit : limits()) list.push_back(std::move(limit));
    list.push_back(checksums());
    return list;
  }();
  return all;
}

}  // namespace pixelferry::bench

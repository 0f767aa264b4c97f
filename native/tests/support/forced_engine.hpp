// Makes one library inflate piece by piece for a while.
#pragma once

#include "png/inflate_engine.hpp"

namespace pixelferry::test {

class ForcedEngine {
 public:
  explicit ForcedEngine(png::InflateEngine engine) { png::force_inflate_engine(engine); }
  ~ForcedEngine() { png::force_inflate_engine(std::nullopt); }
  ForcedEngine(const ForcedEngine&) = delete;
  ForcedEngine& operator=(const ForcedEngine&) = delete;
};

}  // namespace pixelferry::test

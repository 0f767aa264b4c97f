// Runs the tests and prints the seed that their random inputs come from.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <iostream>

#include "support/random.hpp"

int main(int argc, char** argv) {
  std::cout << "PIXELFERRY_TEST_SEED=" << pixelferry::test::seed() << '\n' << std::flush;
  return doctest::Context{argc, argv}.run();
}

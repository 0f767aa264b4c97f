// What the core holds and what it copied: figures for ledger and metrics.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "bindings/owned_buffer.hpp"
#include "bindings/register.hpp"
#include "bindings/without_gil.hpp"
#include "memory/copies.hpp"
#include "memory/pool.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

constexpr const char* kPoolStatsDoc =
    "The process's pool of blocks, for outputs and large request bodies, at one moment. Bytes are\n"
    "block capacities; `reused` and `mapped` count acquisitions since the start.";
constexpr const char* kTrimDoc =
    "Unmap idle blocks that were given back at least `idle_for` seconds ago, the largest first,\n"
    "until at most `keep_bytes` stay; return the bytes unmapped. ValueError for a negative time.";
constexpr const char* kSetLimitDoc =
    "Keep at most `max_idle_bytes` of blocks idle from now on; unmaps what is beyond it.";
constexpr const char* kOutputCapacityDoc =
    "Bytes of the block that holds an output of `nbytes`: what a reservation has to include.";
constexpr const char* kCopyTotalsDoc =
    "(passes, bytes) of payload that the core copied since the process started.";

constexpr double kLongTime = 1e9;  // seconds, some thirty years: still fits the clock

memory::Trim::Clock::time_point ago(double seconds) {
  using memory::Trim;
  const std::chrono::duration<double> time{std::min(seconds, kLongTime)};
  return Trim::Clock::now() - std::chrono::duration_cast<Trim::Clock::duration>(time);
}

std::size_t trim_pool(std::size_t keep_bytes, double idle_for) {
  if (!(idle_for >= 0)) throw py::value_error("idle_for must not be negative");
  const WithoutGil running;
  return memory::Pool::shared().trim({.keep_bytes = keep_bytes, .given_back_by = ago(idle_for)});
}

void set_pool_limit(std::size_t max_idle_bytes) {
  const WithoutGil running;
  memory::Pool::shared().set_max_idle(max_idle_bytes);
}

}  // namespace

void register_pool(py::module_& m) {
  using memory::PoolStats;
  py::class_<PoolStats>(m, "PoolStats", py::is_final(), py::custom_type_setup(forbid_construction),
                        kPoolStatsDoc)
      .def_readonly("used_bytes", &PoolStats::used_bytes)
      .def_readonly("idle_bytes", &PoolStats::idle_bytes)
      .def_readonly("used_blocks", &PoolStats::used_blocks)
      .def_readonly("idle_blocks", &PoolStats::idle_blocks)
      .def_readonly("reused", &PoolStats::reused)
      .def_readonly("mapped", &PoolStats::mapped);

  m.def("pool_stats", [] { return memory::Pool::shared().stats(); }, "The pool's figures now.");
  m.def("trim_pool", trim_pool, "keep_bytes"_a = 0, py::kw_only(), "idle_for"_a = 0.0, kTrimDoc);
  m.def("set_pool_limit", set_pool_limit, "max_idle_bytes"_a, kSetLimitDoc);
  m.def("output_capacity", memory::capacity_for, "nbytes"_a, kOutputCapacityDoc);
  m.def(
      "copy_totals",
      [] {
        const memory::Copies totals = memory::copy_totals();
        return py::make_tuple(totals.passes, totals.bytes);
      },
      kCopyTotalsDoc);
}

}  // namespace pixelferry::bindings

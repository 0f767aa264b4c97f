// What the core holds and what it copied: figures for ledger and metrics.
#include <pybind11/pybind11.h>

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
    "The process's pool of output blocks at one moment. Bytes are block capacities; `reused` and\n"
    "`mapped` count acquisitions since the start.";
constexpr const char* kTrimDoc =
    "Unmap idle blocks until at most `keep_bytes` of them stay; return the bytes unmapped.";
constexpr const char* kCopyTotalsDoc =
    "(passes, bytes) of payload that the core copied since the process started.";

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
  m.def(
      "trim_pool",
      [](std::size_t keep_bytes) {
        const WithoutGil running;
        return memory::Pool::shared().trim(keep_bytes);
      },
      "keep_bytes"_a = 0, kTrimDoc);
  m.def(
      "copy_totals",
      [] {
        const memory::Copies totals = memory::copy_totals();
        return py::make_tuple(totals.passes, totals.bytes);
      },
      kCopyTotalsDoc);
}

}  // namespace pixelferry::bindings

// Account and Reservation: admission by bytes.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "bindings/borrowed_bytes.hpp"
#include "bindings/owned_buffer.hpp"
#include "bindings/register.hpp"
#include "bindings/request_buffer.hpp"
#include "memory/account.hpp"
#include "memory/pool.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace pixelferry::bindings {
namespace {

using memory::HeldBytes;
using memory::Reservation;
using memory::Share;

constexpr const char* kAccountDoc =
    "How many bytes may be held at once: `limit`, of which `kept` are for small needs alone.\n\n"
    "The pool's idle blocks count too; a reservation that needs their room unmaps them. `held` is\n"
    "where the account writes what it holds: a writable buffer of 16 aligned bytes, one native\n"
    "64-bit number for the kept part and one for the rest, for other processes to see. It goes on\n"
    "from what stands there. `peer` is such a buffer of another process's account, whose bytes\n"
    "count as well. Both stay exported as long as the account, and for ever if a reservation\n"
    "outlives it. ValueError for other buffers, or if `kept` is more than `limit`. Thread-safe.";
constexpr const char* kTryReserveDoc =
    "Reserve `nbytes`, or return None at once where there is no room for them.\n\n"
    "`output` is how many bytes the output has, `body` the RequestBuffer. `nbytes` includes\n"
    "output_capacity(output) and request_capacity(body), else ValueError; idle blocks of these\n"
    "capacities are no obstacle, for output and body will reuse them.\n"
    "`small` needs draw from the kept part, then from the rest; others from the rest alone.\n"
    "Without `rest` nothing comes from the rest.";
constexpr const char* kFilenoDoc =
    "An eventfd, owned by the account, that turns readable when bytes come back while `wanted`.";
constexpr const char* kWantedDoc =
    "Somebody waits. No wakeup is lost if one sets it first, then tries to reserve, and drains\n"
    "before each further try. What a peer gives back wakes nobody here.";
constexpr const char* kReservationDoc =
    "Bytes of an account that its owner may hold; given back by release() or with the object.\n"
    "It can be handed to what holds the memory, see convert and request_buffer. Thread-safe.";
constexpr const char* kTryGrowDoc =
    "Reserve `nbytes` more, never from the kept part, and return True; or False at once.";
constexpr const char* kSplitDoc =
    "Take `nbytes` off into a reservation of its own. Raises ValueError if there are less.";

/// A buffer of exactly the two cells, exported while it lives.
class Cells {
 public:
  Cells(const py::object& buffer, BorrowedBytes::Access access) : bytes_{buffer, access} {
    const std::span<const std::uint8_t> bytes = bytes_.bytes();
    if (bytes.size() != sizeof(HeldBytes) ||
        reinterpret_cast<std::uintptr_t>(bytes.data()) % HeldBytes::kAlignment != 0) {
      throw py::value_error("held and peer take 16 aligned bytes");
    }
  }

  [[nodiscard]] HeldBytes* get() const noexcept {
    return reinterpret_cast<HeldBytes*>(bytes_.writable().data());
  }

 private:
  BorrowedBytes bytes_;
};

std::unique_ptr<Cells> cells_in(const py::object& buffer, BorrowedBytes::Access access) {
  return buffer.is_none() ? nullptr : std::make_unique<Cells>(buffer, access);
}

/// The account with the buffers that it lies in.
class SharedAccount {
 public:
  SharedAccount(std::uint64_t limit, std::uint64_t kept, const py::object& held,
                const py::object& peer)
      : held_{cells_in(held, BorrowedBytes::Access::write)},
        peer_{cells_in(peer, BorrowedBytes::Access::read)},
        account_{std::make_shared<memory::Account>(Share{.limit = limit,
                                                         .kept = kept,
                                                         .held = held_ ? held_->get() : nullptr,
                                                         .peer = peer_ ? peer_->get() : nullptr},
                                                   memory::Pool::shared())} {}

  ~SharedAccount() {
    const std::weak_ptr<memory::Account> outlived = account_;
    account_.reset();
    if (outlived.expired()) return;
    // The last reservation will end on some thread that cannot release a buffer: it has no GIL.
    [[maybe_unused]] const Cells* const held = held_.release();
    [[maybe_unused]] const Cells* const peer = peer_.release();
  }
  SharedAccount(const SharedAccount&) = delete;
  SharedAccount& operator=(const SharedAccount&) = delete;

  [[nodiscard]] memory::Account* operator->() const noexcept { return account_.get(); }

 private:
  std::unique_ptr<Cells> held_;
  std::unique_ptr<Cells> peer_;
  std::shared_ptr<memory::Account> account_;
};

std::unique_ptr<SharedAccount> make_account(std::uint64_t limit, std::uint64_t kept,
                                            const py::object& held, const py::object& peer) {
  try {
    return std::make_unique<SharedAccount>(limit, kept, held, peer);
  } catch (const std::system_error& error) {
    errno = error.code().value();
    PyErr_SetFromErrno(PyExc_OSError);
    throw py::error_already_set();
  }
}

std::optional<Reservation> try_reserve(const SharedAccount& account, std::uint64_t nbytes,
                                       std::uint64_t output, bool small, bool rest,
                                       std::uint64_t body) {
  return account->try_reserve({.bytes = nbytes,
                               .output = output,
                               .body = request_block_size(body),
                               .small = small,
                               .rest = rest});
}

}  // namespace

void register_account(py::module_& m) {
  py::class_<Reservation>(m, "Reservation", py::is_final(),
                          py::custom_type_setup(forbid_construction), kReservationDoc)
      .def_property_readonly("nbytes", &Reservation::nbytes)
      .def("try_grow", &Reservation::try_grow, "nbytes"_a, kTryGrowDoc)
      .def("split", &Reservation::split, "nbytes"_a, kSplitDoc)
      .def("release", &Reservation::release, "Give all of it back; again: nothing happens.");

  py::class_<SharedAccount>(m, "Account", py::is_final(), kAccountDoc)
      .def(py::init(&make_account), "limit"_a, py::kw_only(), "kept"_a = 0, "held"_a = py::none(),
           "peer"_a = py::none())
      .def_property_readonly("limit", [](const SharedAccount& a) { return a->limit(); })
      .def_property_readonly("kept", [](const SharedAccount& a) { return a->kept(); })
      .def_property_readonly(
          "held", [](const SharedAccount& a) { return a->held(); },
          "Bytes reserved now, without the peer's.")
      .def_property(
          "wanted", [](const SharedAccount& a) { return a->wanted(); },
          [](const SharedAccount& a, bool wanted) { a->set_wanted(wanted); }, kWantedDoc)
      .def("try_reserve", try_reserve, "nbytes"_a, "output"_a = 0, "small"_a = false,
           "rest"_a = true, "body"_a = 0, kTryReserveDoc)
      .def(
          "fileno", [](const SharedAccount& a) { return a->wakeups().fd(); }, kFilenoDoc)
      .def(
          "drain_wakeups", [](const SharedAccount& a) { a->wakeups().drain(); },
          "Make fileno() unreadable until bytes come back again.");
}

}  // namespace pixelferry::bindings

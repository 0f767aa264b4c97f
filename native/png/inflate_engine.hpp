// Which library inflates piece by piece.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace pixelferry::png {

enum class InflateEngine : std::uint8_t { isal, zlib_ng };

/// Those that this build has, ISA-L first.
[[nodiscard]] std::span<const InflateEngine> inflate_engines() noexcept;

/// Their names and versions, for people who ask what runs here.
[[nodiscard]] std::string inflate_versions();

/// The fastest for so many bytes of filtered scanlines from so many of zlib stream: ISA-L for
/// photos, zlib-ng for flat pictures, stored blocks and what is small (docs/conversion.md has the
/// figures). A stream of many short blocks is another matter: see steadiest_inflate_engine. Any
/// thread.
[[nodiscard]] InflateEngine fastest_inflate_engine(std::uint64_t filtered,
                                                   std::uint64_t deflated) noexcept;

/// The one that takes least time for the worst of streams, those of many short blocks: zlib-ng
/// where this build has it. Any thread.
[[nodiscard]] InflateEngine steadiest_inflate_engine() noexcept;

/// Makes fastest_inflate_engine say this, or what it thinks again, for tests. Any thread, at any
/// time.
void force_inflate_engine(std::optional<InflateEngine> engine) noexcept;

}  // namespace pixelferry::png

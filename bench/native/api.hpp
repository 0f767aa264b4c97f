// The C interface of the shared library, for ctypes. Nothing here throws.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

/// How many contenders there are; name and version of each, valid for ever.
[[gnu::visibility("default")]] std::size_t bench_count() noexcept;
[[gnu::visibility("default")]] const char* bench_name(std::size_t contender) noexcept;
[[gnu::visibility("default")]] const char* bench_version(std::size_t contender) noexcept;
/// The compiler that built it all.
[[gnu::visibility("default")]] const char* bench_compiler() noexcept;

/// Makes a contender ready for a PNG, which is borrowed until bench_close(). Null: it failed.
[[gnu::visibility("default")]] void* bench_open(std::size_t contender, const std::uint8_t* png,
                                                std::size_t size) noexcept;
[[gnu::visibility("default")]] void bench_close(void* job) noexcept;

/// Runs it `count` times and returns the seconds of all; below 0: it failed.
[[gnu::visibility("default")]] double bench_seconds(void* job, std::size_t count) noexcept;

/// Runs it once, copies as much of the result as fits `out` and returns the size of the result;
/// 0: it failed.
[[gnu::visibility("default")]] std::size_t bench_result(void* job, std::uint8_t* out,
                                                        std::size_t capacity) noexcept;

/// Why the last call on this thread failed.
[[gnu::visibility("default")]] const char* bench_error() noexcept;
}

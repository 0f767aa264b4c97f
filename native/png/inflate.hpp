// Streaming zlib decompression (RFC 1950 and 1951), hiding the libraries that do it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "errors.hpp"
#include "png/inflate_engine.hpp"

namespace pixelferry::png {

/// Inflates one zlib stream at a time: pieces of any size in, pieces of any size out. Reusable, for
/// its state is large; not thread-safe.
///
/// The zlib header is checked as in lodepng: FCHECK, method 8, a window of at most 32 KiB (which is
/// not enforced), no preset dictionary. Adler-32 must follow the deflate data at once and end the
/// stream (lodepng takes it from the last four bytes, whatever stands between). What is between
/// the two is judged by the InflateEngine.
class Inflater {
 public:
  /// Bytes of heap memory that one Inflater holds at most.
  static constexpr std::size_t kStateBytes = std::size_t{96} << 10;

  enum class Status : std::uint8_t {
    need_input,   // the piece is used up: feed() the next one
    output_full,  // there may be more
    finished,     // the stream is complete and its Adler-32 right; feed() may check what follows
    failed,       // fault() says why
  };
  struct Progress {
    std::size_t written;
    Status status;
  };

  Inflater();  // throws std::bad_alloc
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Makes ready for a new stream, to be inflated by `engine`, which this build has. Throws
  /// std::bad_alloc.
  void reset(InflateEngine engine);

  /// Gives the next piece, borrowed until produce() says need_input or finished; to be called at
  /// the start and after these two only.
  void feed(std::span<const std::uint8_t> piece) noexcept;

  /// Writes the next bytes to the front of `out`; may scribble on the rest of it.
  Progress produce(std::span<std::uint8_t> out) noexcept;

  /// When need_input was said: whether the input so far ends inside the header of a deflate block,
  /// or between two. Only ISA-L tells; false with zlib-ng.
  [[nodiscard]] bool in_block_header() const noexcept;

  /// Why it failed: bad_zlib_header, bad_deflate, bad_adler, trailing_data.
  [[nodiscard]] ErrorCode fault() const noexcept { return fault_; }

 private:
  enum class Stage : std::uint8_t { header, deflate, trailer, end, failed };
  struct State;

  void read_header() noexcept;
  std::size_t inflate(std::span<std::uint8_t> out) noexcept;
  void read_trailer() noexcept;
  void take(std::uint8_t byte) noexcept;
  void fail(ErrorCode code) noexcept;
  [[nodiscard]] Status status() const noexcept;

  std::unique_ptr<State> state_;
  std::span<const std::uint8_t> input_;
  Stage stage_ = Stage::header;
  ErrorCode fault_ = ErrorCode::bad_deflate;
  std::uint32_t adler_ = 1;      // of the output so far
  std::uint32_t field_ = 0;      // header or trailer as far as it was read, big-endian
  std::size_t field_bytes_ = 0;  // bytes read for it; more than it has if others follow
};

}  // namespace pixelferry::png

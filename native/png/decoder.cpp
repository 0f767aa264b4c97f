#include "png/decoder.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <new>

#include "png/filtered_stream.hpp"
#include "png/inflate_whole.hpp"
#include "png/unfilter.hpp"

namespace pixelferry::png {
namespace {

// With 96 KiB a 4K photo took 8 % more time, for its wavefronts had fewer rows; 192 to 384 KiB
// saved nothing.
constexpr std::size_t kWindowBytes = std::size_t{128} << 10;

/// Kept by each thread, so that a small picture costs no allocation.
struct Workspace {
  Inflater inflater;
  WholeInflater whole_inflater;
  std::array<std::uint8_t, kWindowBytes> window;
};
static_assert(sizeof(Workspace) + Inflater::kStateBytes + WholeInflater::kStateBytes <=
                  kFixedWorkingSet - (8U << 10),
              "8 KiB are left for palettes and buffers on the stack");

Workspace& workspace() {
  thread_local std::unique_ptr<Workspace> kept;
  if (!kept) kept = std::make_unique_for_overwrite<Workspace>();
  return *kept;
}

/// Memory for the scanlines being decoded: the thread's own window, or two rows where the rows of
/// this picture are too large for it.
class Window {
 public:
  Window(std::span<std::uint8_t> kept, std::uint64_t filtered_row) : bytes_{kept} {
    if (filtered_row <= kept.size() / 2) return;
    if (filtered_row > std::numeric_limits<std::size_t>::max() / 2) throw std::bad_alloc{};
    const auto size = static_cast<std::size_t>(2 * filtered_row);
    large_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    bytes_ = {large_.get(), size};
  }

  [[nodiscard]] std::span<std::uint8_t> bytes() const noexcept { return bytes_; }

 private:
  std::unique_ptr<std::uint8_t[]> large_;
  std::span<std::uint8_t> bytes_;
};

void check_filters(const Scanlines& lines, std::size_t first, IdatReader& idat) {
  for (std::size_t i = first; i < lines.count(); ++i) {
    if (lines.filter(i) > FilterType{kMaxFilterType}) idat.fail(ErrorCode::bad_filter_type);
  }
}

/// One picture, and what it takes to decode it.
struct Job {
  const Header& header;
  IdatReader& idat;
  const UnfilterKernels& kernels;
  ScanlineSink& sink;
};

/// Decodes one pass. The window holds filtered rows behind the last one handed out, which the first
/// of them needs.
void decode_pass(const Job& job, FilteredStream& stream, const Pass& pass,
                 std::span<std::uint8_t> window) {
  const auto stride = static_cast<std::size_t>(1 + job.header.row_bytes(pass.width));
  const std::size_t most_rows = window.size() / stride;
  const auto rows = [&](std::size_t first, std::size_t count) {
    return Scanlines{window.subspan(first * stride, count * stride), stride};
  };
  std::ranges::fill(rows(0, 1).bytes, std::uint8_t{0});
  std::size_t held = 1;  // rows in the window
  for (std::uint32_t y = 0; y < pass.height;) {
    const std::size_t missing = pass.height - y - (held - 1);
    const std::size_t read = std::min(most_rows - held, missing);
    stream.read(rows(held, read).bytes);
    check_filters(rows(0, held + read), held, job.idat);
    held += read;
    const std::size_t room = read < missing ? most_rows : 0;
    const std::size_t done = unfilter(job.kernels, rows(0, held), room);
    for (std::size_t i = 1; i < done; ++i, ++y) job.sink.write(pass, y, rows(i, 1).row(0));
    held -= done - 1;
    std::ranges::copy(rows(done - 1, held).bytes, window.begin());
  }
}

/// Inflates as much as a window holds and decodes it, time and again.
void decode_streaming(const Job& job, Inflater& inflater, std::span<std::uint8_t> window,
                      BlockDensity* density, const CancelFlag* cancel) {
  FilteredStream stream{inflater, job.idat, density, cancel};
  for (const Pass& pass : Passes{job.header}) decode_pass(job, stream, pass, window);
  stream.finish();
}

/// Bytes of the filtered rows of all passes; the greatest number if they are more than it.
std::uint64_t filtered_size(const Header& header) noexcept {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t size = 0;
  for (const Pass& pass : Passes{header}) {
    const std::uint64_t row = 1 + header.row_bytes(pass.width);
    if (row > (kMost - size) / pass.height) return kMost;
    size += pass.height * row;
  }
  return size;
}

/// Inflates all at once and then decodes it; false if the data is not what it should be. `window`
/// has room for all `filtered` bytes of rows and one row more.
bool decode_whole(const Job& job, WholeInflater& inflater, std::span<std::uint8_t> window,
                  std::size_t filtered) {
  std::size_t at = window.size() - filtered;
  if (!inflater.inflate(job.idat.next(std::numeric_limits<std::size_t>::max()),
                        window.subspan(at))) {
    return false;
  }
  if (!job.idat.next().empty()) return false;  // the file changed: there was one chunk
  for (const Pass& pass : Passes{job.header}) {
    const auto stride = static_cast<std::size_t>(1 + job.header.row_bytes(pass.width));
    const Scanlines lines{window.subspan(at - stride, (pass.height + 1) * stride), stride};
    check_filters(lines, 1, job.idat);
    std::ranges::fill(lines.bytes.first(stride), std::uint8_t{0});  // above the top of the pass
    unfilter(job.kernels, lines, 0);
    for (std::uint32_t y = 0; y < pass.height; ++y) job.sink.write(pass, y, lines.row(y + 1));
    at += pass.height * stride;
  }
  return true;
}

}  // namespace

std::uint64_t working_set(const Header& header) noexcept {
  return kFixedWorkingSet + 3 * (1 + header.row_bytes(header.width));
}

void decode(std::span<const std::uint8_t> png, const Header& header, const Survey& survey,
            ScanlineSink& sink, const CancelFlag* cancel) {
  Workspace& kept = workspace();
  const std::uint64_t filtered_row = 1 + header.row_bytes(header.width);
  const std::uint64_t filtered = filtered_size(header);
  const UnfilterKernels& kernels =
      unfilter_kernels(std::max<std::size_t>(1, header.bits_per_pixel() / 8));

  // The input is bounded too: empty blocks cost time and yield nothing.
  const bool whole = survey.idat_count == 1 && survey.idat_bytes <= kept.window.size() &&
                     filtered_row <= kept.window.size() &&
                     filtered <= kept.window.size() - filtered_row;
  if (whole) {
    throw_if_set(cancel);  // once: what fits takes milliseconds at worst
    IdatReader idat{png, survey.first_idat, cancel};
    if (decode_whole({header, idat, kernels, sink}, kept.whole_inflater, kept.window,
                     static_cast<std::size_t>(filtered))) {
      return;
    }
  }
  const Window window{kept.window, filtered_row};
  const auto stream_by = [&](InflateEngine engine, BlockDensity* density) {
    IdatReader idat{png, survey.first_idat, cancel};
    kept.inflater.reset(engine);
    decode_streaming({header, idat, kernels, sink}, kept.inflater, window.bytes(), density, cancel);
    // The streaming inflater is asked again to say what is wrong; it does not overrule the other.
    if (whole) idat.fail(ErrorCode::bad_deflate);
  };
  const InflateEngine fastest = fastest_inflate_engine(filtered, survey.idat_bytes);
  const InflateEngine steadiest = steadiest_inflate_engine();
  if (fastest == steadiest) return stream_by(steadiest, nullptr);
  try {
    BlockDensity density{survey.idat_crc};
    stream_by(fastest, &density);
  } catch (const TooManyBlocks&) {
    stream_by(steadiest, nullptr);  // from the start: all rows are written anew
  }
}

}  // namespace pixelferry::png

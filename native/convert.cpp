#include "convert.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "bitmap_writer.hpp"
#include "errors.hpp"
#include "png/decoder.hpp"
#include "png/survey.hpp"

namespace pixelferry {
namespace {

/// What is known before any memory for the output is taken: a hopeless file costs none.
struct Plan {
  png::Header header;
  bmp::Layout layout;
};

Plan plan(std::span<const std::uint8_t> png, const Limits& limits) {
  const png::Header header = png::read_header(png);
  check_limits(header, limits);
  return {header, bmp::layout_24(header.width, header.height)};
}

void fill(std::span<std::uint8_t> file, const Plan& plan, const png::Survey& survey,
          std::span<const std::uint8_t> png, const CancelFlag* cancel) {
  BitmapWriter writer{file, plan.layout, plan.header, survey};
  png::decode(png, plan.header, survey, writer, cancel);
}

}  // namespace

Inspection inspect(std::span<const std::uint8_t> png) {
  const png::Header header = png::read_header(png);
  return {.header = header,
          .output_size = bmp::file_size_24(header.width, header.height),
          .working_set = png::working_set(header)};
}

void check_limits(const png::Header& header, const Limits& limits) {
  const std::uint32_t dimension = std::max(header.width, header.height);
  if (dimension > limits.max_dimension) {
    throw Error::limit(ErrorCode::dimension_too_large, limits.max_dimension, dimension);
  }
  const std::uint64_t pixels = std::uint64_t{header.width} * header.height;
  if (pixels > limits.max_pixels) {
    throw Error::limit(ErrorCode::too_many_pixels, limits.max_pixels, pixels);
  }
  static_cast<void>(bmp::layout_24(header.width, header.height));
}

Converted convert(std::span<const std::uint8_t> png, const Limits& limits, const CancelFlag* cancel,
                  memory::Pool& pool) try {
  const Plan plan = pixelferry::plan(png, limits);
  const png::Survey survey = png::survey_chunks(png, plan.header, cancel);
  memory::Block block = pool.acquire(plan.layout.file_size);
  fill(block.bytes(), plan, survey, png, cancel);
  return {std::move(block), plan.layout};
} catch (const std::bad_alloc&) {
  throw Error::of(ErrorCode::out_of_memory);
}

std::size_t convert_into(std::span<const std::uint8_t> png, std::span<std::uint8_t> out,
                         const Limits& limits, const CancelFlag* cancel) try {
  const Plan plan = pixelferry::plan(png, limits);
  const std::size_t size = plan.layout.file_size;
  if (out.size() < size) throw Error::limit(ErrorCode::output_too_small, out.size(), size);
  const png::Survey survey = png::survey_chunks(png, plan.header, cancel);
  fill(out.first(size), plan, survey, png, cancel);
  return size;
} catch (const std::bad_alloc&) {
  throw Error::of(ErrorCode::out_of_memory);
}

}  // namespace pixelferry

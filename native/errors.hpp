// Every error the core can raise: its code, its kind and its meaning, in one list.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

namespace pixelferry {

enum class ErrorCode : std::uint8_t {
  // The bytes are no valid PNG.
  not_a_png,
  truncated,
  missing_ihdr,
  bad_ihdr_length,
  bad_crc,
  bad_dimensions,
  bad_color_type,
  bad_bit_depth,
  bad_compression_method,
  bad_filter_method,
  bad_interlace_method,
  bad_chunk_length,
  unknown_critical_chunk,
  bad_palette,
  missing_palette,
  bad_transparency,
  missing_idat,
  missing_iend,
  bad_zlib_header,
  bad_deflate,
  bad_adler,
  bad_filter_type,
  too_much_data,
  too_little_data,
  trailing_data,
  // A valid request beyond a bound.
  too_many_pixels,
  dimension_too_large,
  bmp_too_large,
  output_too_small,
  // Neither.
  cancelled,
  out_of_memory,
  // Only where another decoder than this core's was asked for, which the service never does.
  refused_by_lodepng,
};

/// Which exception an error becomes on the Python side.
enum class ErrorKind : std::uint8_t {
  invalid_png,
  limit_exceeded,
  cancelled,
  out_of_memory,
  refused,  // InvalidPng too, but by a decoder that does not tell the place
};

struct ErrorInfo {
  ErrorCode code;
  ErrorKind kind;
  std::string_view name;     // stable: part of the HTTP contract
  std::string_view meaning;  // one sentence for a person
};

inline constexpr std::array<ErrorInfo, 32> kErrors{{
    {ErrorCode::not_a_png, ErrorKind::invalid_png, "not_a_png",
     "the file does not start with the PNG signature"},
    {ErrorCode::truncated, ErrorKind::invalid_png, "truncated",
     "the file ends in the middle of a chunk"},
    {ErrorCode::missing_ihdr, ErrorKind::invalid_png, "missing_ihdr",
     "the first chunk is not IHDR"},
    {ErrorCode::bad_ihdr_length, ErrorKind::invalid_png, "bad_ihdr_length",
     "IHDR is not 13 bytes long"},
    {ErrorCode::bad_crc, ErrorKind::invalid_png, "bad_crc",
     "the CRC of a chunk does not match its bytes"},
    {ErrorCode::bad_dimensions, ErrorKind::invalid_png, "bad_dimensions",
     "width or height is zero or above 2^31 - 1"},
    {ErrorCode::bad_color_type, ErrorKind::invalid_png, "bad_color_type",
     "the color type is none of 0, 2, 3, 4, 6"},
    {ErrorCode::bad_bit_depth, ErrorKind::invalid_png, "bad_bit_depth",
     "the bit depth is not allowed for the color type"},
    {ErrorCode::bad_compression_method, ErrorKind::invalid_png, "bad_compression_method",
     "the compression method is not 0 (deflate)"},
    {ErrorCode::bad_filter_method, ErrorKind::invalid_png, "bad_filter_method",
     "the filter method is not 0"},
    {ErrorCode::bad_interlace_method, ErrorKind::invalid_png, "bad_interlace_method",
     "the interlace method is neither 0 (none) nor 1 (Adam7)"},
    {ErrorCode::bad_chunk_length, ErrorKind::invalid_png, "bad_chunk_length",
     "a chunk announces more than 2^31 - 1 bytes"},
    {ErrorCode::unknown_critical_chunk, ErrorKind::invalid_png, "unknown_critical_chunk",
     "a critical chunk is unknown or stands where it may not"},
    {ErrorCode::bad_palette, ErrorKind::invalid_png, "bad_palette",
     "PLTE does not hold 1 to 256 entries"},
    {ErrorCode::missing_palette, ErrorKind::invalid_png, "missing_palette",
     "the color type needs a palette and there is none"},
    {ErrorCode::bad_transparency, ErrorKind::invalid_png, "bad_transparency",
     "tRNS does not fit the color type or the palette"},
    {ErrorCode::missing_idat, ErrorKind::invalid_png, "missing_idat", "there is no image data"},
    {ErrorCode::missing_iend, ErrorKind::invalid_png, "missing_iend", "the file ends without IEND"},
    {ErrorCode::bad_zlib_header, ErrorKind::invalid_png, "bad_zlib_header",
     "the image data does not start with a valid zlib header"},
    {ErrorCode::bad_deflate, ErrorKind::invalid_png, "bad_deflate",
     "the compressed image data is damaged"},
    {ErrorCode::bad_adler, ErrorKind::invalid_png, "bad_adler",
     "the Adler-32 checksum of the image data does not match"},
    {ErrorCode::bad_filter_type, ErrorKind::invalid_png, "bad_filter_type",
     "a scanline has a filter type above 4"},
    {ErrorCode::too_much_data, ErrorKind::invalid_png, "too_much_data",
     "the image data inflates beyond what IHDR promises"},
    {ErrorCode::too_little_data, ErrorKind::invalid_png, "too_little_data",
     "the image data ends before its last scanline or its checksum"},
    {ErrorCode::trailing_data, ErrorKind::invalid_png, "trailing_data",
     "bytes follow the end of the compressed image data"},
    {ErrorCode::too_many_pixels, ErrorKind::limit_exceeded, "too_many_pixels",
     "the image has more pixels than allowed"},
    {ErrorCode::dimension_too_large, ErrorKind::limit_exceeded, "dimension_too_large",
     "the image is wider or higher than allowed"},
    {ErrorCode::bmp_too_large, ErrorKind::limit_exceeded, "bmp_too_large",
     "the picture does not fit the size fields of a BMP file"},
    {ErrorCode::output_too_small, ErrorKind::limit_exceeded, "output_too_small",
     "the memory given for the output is smaller than the BMP"},
    {ErrorCode::cancelled, ErrorKind::cancelled, "cancelled", "the conversion was cancelled"},
    {ErrorCode::out_of_memory, ErrorKind::out_of_memory, "out_of_memory",
     "there is not enough memory for the output"},
    {ErrorCode::refused_by_lodepng, ErrorKind::refused, "refused_by_lodepng",
     "lodepng refuses the file"},
}};

constexpr const ErrorInfo& info(ErrorCode code) noexcept {
  return kErrors[static_cast<std::size_t>(code)];
}

consteval bool errors_stand_in_order() {
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    if (static_cast<std::size_t>(kErrors[i].code) != i) return false;
  }
  return true;
}
static_assert(errors_stand_in_order(), "kErrors is indexed by ErrorCode");

/// What the core throws; the binding turns it into the Python exception of its kind.
class Error : public std::exception {
 public:
  /// invalid_png: `offset` is the place in the file of the fault: the field of IHDR, the CRC field
  /// for bad_crc, else the first byte of the chunk at which it was found (its length field). For
  /// faults of the image data that is the IDAT reached, for something missing IEND or the file's
  /// end.
  static Error invalid(ErrorCode code, std::size_t offset) { return Error{code, offset, 0, 0}; }
  /// limit_exceeded: what is allowed and what was asked for, in the unit of the limit.
  static Error limit(ErrorCode code, std::uint64_t allowed, std::uint64_t asked) {
    return Error{code, 0, allowed, asked};
  }
  /// refused: `reason` is what the decoder says, a literal.
  static Error refused(ErrorCode code, const char* reason) { return Error{code, 0, 0, 0, reason}; }
  static Error of(ErrorCode code) { return Error{code, 0, 0, 0}; }

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t allowed() const noexcept { return allowed_; }
  [[nodiscard]] std::uint64_t asked() const noexcept { return asked_; }
  /// Empty but for refused.
  [[nodiscard]] const char* reason() const noexcept { return reason_; }
  /// One sentence: the code's meaning (a literal, so it ends with a NUL).
  [[nodiscard]] const char* what() const noexcept override { return info(code_).meaning.data(); }

 private:
  Error(ErrorCode code, std::size_t offset, std::uint64_t allowed, std::uint64_t asked,
        const char* reason = "")
      : code_{code}, offset_{offset}, allowed_{allowed}, asked_{asked}, reason_{reason} {}

  ErrorCode code_;
  std::size_t offset_;
  std::uint64_t allowed_;
  std::uint64_t asked_;
  const char* reason_;
};

}  // namespace pixelferry

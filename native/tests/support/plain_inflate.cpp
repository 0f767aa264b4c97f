#include "support/plain_inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <exception>

#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

struct Fault : std::exception {};

void check(bool right) {
  if (!right) throw Fault{};
}

class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}

  unsigned bit() {
    check(at_ / 8 < bytes_.size());
    const unsigned value = bytes_[at_ / 8] >> at_ % 8 & 1U;
    ++at_;
    return value;
  }
  unsigned number(unsigned bits) {
    unsigned value = 0;
    for (unsigned i = 0; i < bits; ++i) value |= bit() << i;
    return value;
  }
  void to_next_byte() { at_ = bytes_read() * 8; }
  [[nodiscard]] std::size_t bytes_read() const { return (at_ + 7) / 8; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;  // in bits
};

constexpr unsigned kMaxCodeLength = 15;

/// A Huffman code given by the lengths of its codes (RFC 1951, 3.2.2).
class Code {
 public:
  explicit Code(std::span<const std::uint8_t> lengths) {
    for (const std::uint8_t length : lengths) ++count_[length];
    count_[0] = 0;
    int left = 1;  // codes of the length looked at that are still free
    for (unsigned length = 1; length <= kMaxCodeLength; ++length) {
      left = 2 * left - static_cast<int>(count_[length]);
      check(left >= 0);
      for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
        if (lengths[symbol] == length) symbols_.push_back(static_cast<unsigned>(symbol));
      }
    }
    gaps_ = left > 0 && !symbols_.empty();
    trivial_ = symbols_.empty() || (symbols_.size() == 1 && count_[1] == 1);
  }

  [[nodiscard]] bool gaps() const { return gaps_; }

  /// Clears `strict` where the bits are no code.
  unsigned read(BitReader& in, bool& strict) const {
    if (trivial_) {
      if (in.bit() != 0 || symbols_.empty()) strict = false;
      return symbols_.empty() ? 0 : symbols_[0];
    }
    unsigned code = 0;
    unsigned first = 0;  // of the codes of this length
    std::size_t index = 0;
    for (unsigned length = 1; length <= kMaxCodeLength; ++length) {
      code = code << 1 | in.bit();
      if (code - first < count_[length]) return symbols_[index + (code - first)];
      index += count_[length];
      first = (first + count_[length]) << 1;
    }
    throw Fault{};
  }

 private:
  std::array<unsigned, kMaxCodeLength + 1> count_{};
  std::vector<unsigned> symbols_;
  bool gaps_ = false;
  bool trivial_ = false;  // one symbol of one bit, or none
};

struct Codes {
  Code literals;
  Code distances;
};

Codes fixed_codes() {
  std::array<std::uint8_t, 288> literals{};
  for (std::size_t i = 0; i < literals.size(); ++i) {
    literals[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  }
  std::array<std::uint8_t, 32> distances{};
  distances.fill(5);
  return {Code{literals}, Code{distances}};
}

class Inflation {
 public:
  Inflation(std::span<const std::uint8_t> deflated, std::size_t most, PlainInflated& result)
      : in_{deflated}, most_{most}, result_{result} {}

  void run() {
    bool last = false;
    while (!last) {
      last = in_.bit() != 0;
      switch (in_.number(2)) {
        case 0:
          stored();
          break;
        case 1:
          compressed(fixed_codes());
          break;
        case 2:
          compressed(dynamic_codes());
          break;
        default:
          throw Fault{};
      }
    }
    result_.read = in_.bytes_read();
    result_.complete = true;
  }

 private:
  void stored() {
    in_.to_next_byte();
    const unsigned length = in_.number(16);
    check(length == (in_.number(16) ^ 0xFFFF));
    for (unsigned i = 0; i < length; ++i) put(static_cast<std::uint8_t>(in_.number(8)));
  }

  void compressed(const Codes& codes) {
    static constexpr std::array<unsigned, 29> kLength{3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                      15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                      67, 83, 99, 115, 131, 163, 195, 227, 258};
    for (;;) {
      const unsigned symbol = codes.literals.read(in_, result_.strict);
      if (symbol < 256) {
        put(static_cast<std::uint8_t>(symbol));
        continue;
      }
      if (symbol == 256) return;
      if (symbol > 285) result_.strict = false;
      const unsigned index = std::min(symbol, 285U) - 257;
      const unsigned length_bits = index < 8 || index == 28 ? 0 : index / 4 - 1;
      const unsigned length = kLength[index] + in_.number(length_bits);
      match(length, distance(codes.distances.read(in_, result_.strict)));
    }
  }

  std::size_t distance(unsigned symbol) {
    check(symbol < 30);
    if (symbol < 4) return symbol + 1;
    const unsigned bits = symbol / 2 - 1;
    return ((2U + symbol % 2) << bits) + 1 + in_.number(bits);
  }

  Codes dynamic_codes() {
    static constexpr std::array<std::size_t, 19> kOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                        11, 4,  12, 3, 13, 2, 14, 1, 15};
    const std::size_t literals = 257 + in_.number(5);
    const std::size_t distances = 1 + in_.number(5);
    const std::size_t used = 4 + in_.number(4);
    if (literals > 286 || distances > 30) result_.strict = false;
    std::array<std::uint8_t, 19> code_lengths{};
    for (std::size_t i = 0; i < used; ++i) {
      code_lengths[kOrder[i]] = static_cast<std::uint8_t>(in_.number(3));
    }
    const Code lengths_code = noted(Code{code_lengths});
    const Bytes lengths = read_lengths(lengths_code, literals + distances);
    check(lengths[256] != 0);
    const std::span<const std::uint8_t> all{lengths};
    return {noted(Code{all.first(literals)}), noted(Code{all.subspan(literals)})};
  }

  Bytes read_lengths(const Code& code, std::size_t count) {
    Bytes lengths;
    while (lengths.size() < count) {
      const unsigned symbol = code.read(in_, result_.strict);
      if (symbol < 16) {
        lengths.push_back(static_cast<std::uint8_t>(symbol));
        continue;
      }
      check(symbol != 16 || !lengths.empty());
      const std::uint8_t value = symbol == 16 ? lengths.back() : 0;
      const unsigned times = symbol == 16   ? 3 + in_.number(2)
                             : symbol == 17 ? 3 + in_.number(3)
                                            : 11 + in_.number(7);
      lengths.insert(lengths.end(), times, value);
    }
    if (lengths.size() > count) result_.strict = false;
    lengths.resize(count);
    return lengths;
  }

  Code noted(Code code) {
    if (code.gaps()) result_.strict = false;
    return code;
  }

  void match(std::size_t length, std::size_t distance) {
    check(distance <= result_.bytes.size());
    for (; length > 0; --length) put(result_.bytes[result_.bytes.size() - distance]);
  }

  void put(std::uint8_t byte) {
    check(result_.bytes.size() < most_);
    result_.bytes.push_back(byte);
  }

  BitReader in_;
  std::size_t most_;
  PlainInflated& result_;
};

}  // namespace

PlainInflated plain_inflate(std::span<const std::uint8_t> deflated, std::size_t most) {
  PlainInflated result;
  try {
    Inflation{deflated, most, result}.run();
  } catch (const Fault&) {
    return result;
  }
  return result;
}

PlainInflated plain_inflate_zlib(std::span<const std::uint8_t> stream, std::size_t most) {
  const bool header = stream.size() >= 2 && (stream[0] * 256U + stream[1]) % 31 == 0 &&
                      (stream[0] & 15U) == 8 && stream[0] >> 4 <= 7 && (stream[1] & 0x20U) == 0;
  if (!header) return {};
  PlainInflated result = plain_inflate(stream.subspan(2), most);
  result.read += 2;
  const uLong adler =
      ::adler32(1, result.bytes.data(), static_cast<uInt>(result.bytes.size()));  // 1 if empty
  const Bytes trailer = big_endian(static_cast<std::uint32_t>(adler));
  result.complete = result.complete && std::ranges::equal(stream.subspan(result.read), trailer);
  return result;
}

}  // namespace pixelferry::test

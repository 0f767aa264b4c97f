#include "support/deflate_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "support/png_builder.hpp"

namespace pixelferry::test {
namespace {

constexpr std::size_t kLongestMatch = 258;
constexpr std::size_t kFarthest = 32'768;
constexpr std::size_t kEndOfBlock = 256;

/// Numbers go from their lowest bit on, Huffman codes from their highest (RFC 1951, 3.1.1).
class BitWriter {
 public:
  void number(std::size_t value, std::size_t bits) {
    for (std::size_t i = 0; i < bits; ++i) bit(value >> i & 1);
  }
  void code(std::size_t value, std::size_t bits) {
    while (bits > 0) bit(value >> --bits & 1);
  }
  void to_next_byte() { free_ = 0; }
  void byte(std::uint8_t value) { bytes_.push_back(value); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  void bit(std::size_t value) {
    if (free_ == 0) {
      bytes_.push_back(0);
      free_ = 8;
    }
    bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | value << (8 - free_));
    --free_;
  }

  Bytes bytes_;
  std::size_t free_ = 0;  // bits of the last byte
};

/// A literal, or a match of `length` bytes that stood `distance` bytes before.
struct Token {
  std::uint8_t literal = 0;
  std::size_t length = 0;
  std::size_t distance = 0;
};

/// A symbol with the bits behind it (RFC 1951, 3.2.5).
struct Symbol {
  std::size_t symbol;
  std::size_t extra_bits;
  std::size_t extra;
};

Symbol length_symbol(std::size_t length) {
  if (length == kLongestMatch) return {285, 0, 0};
  const std::size_t value = length - 3;
  std::size_t bits = 0;
  while (value >> (bits + 3) != 0) ++bits;
  return {257 + 4 * bits + (value >> bits), bits, value & ((std::size_t{1} << bits) - 1)};
}

Symbol distance_symbol(std::size_t distance) {
  const std::size_t value = distance - 1;
  std::size_t bits = 0;
  while (value >> (bits + 2) != 0) ++bits;
  return {2 * bits + (value >> bits), bits, value & ((std::size_t{1} << bits) - 1)};
}

std::size_t match_length(std::span<const std::uint8_t> data, std::size_t at, std::size_t distance) {
  const std::size_t most = std::min(kLongestMatch, data.size() - at);
  std::size_t length = 0;
  while (length < most && data[at + length] == data[at + length - distance]) ++length;
  return length;
}

/// Cuts data[begin, end) into tokens; matches reach back before `begin`.
std::vector<Token> tokens_of(std::span<const std::uint8_t> data, std::size_t begin, std::size_t end,
                             Random& random) {
  std::vector<Token> tokens;
  const std::size_t eagerness = 1 + random.below(6);
  for (std::size_t at = begin; at < end;) {
    Token token{.literal = data[at]};
    for (std::size_t tries = random.below(eagerness); tries > 0 && at > 0; --tries) {
      const std::size_t reach = std::min({at, kFarthest, std::size_t{1} << random.below(16)});
      const std::size_t distance = 1 + random.below(reach);
      const std::size_t length = match_length(data.first(end), at, distance);
      if (length >= 3 && length > token.length) token = {data[at], length, distance};
    }
    if (token.length > 3 && random.once_in(4)) token.length = 3 + random.below(token.length - 2);
    at += std::max<std::size_t>(1, token.length);
    tokens.push_back(token);
  }
  return tokens;
}

/// Code lengths of a random complete code for `count` symbols, at most `longest` bits.
Bytes random_tree(std::size_t count, std::size_t longest, Random& random) {
  Bytes leaves{0};
  const bool lopsided = random.once_in(2);
  while (leaves.size() < count) {
    const std::size_t leaf =
        lopsided ? leaves.size() - 1 - random.below(std::min<std::size_t>(leaves.size(), 2))
                 : random.below(leaves.size());
    std::size_t at = leaf;
    while (leaves[at] >= longest) at = (at + 1) % leaves.size();
    leaves.push_back(++leaves[at]);
  }
  if (count == 1) leaves[0] = 1;
  return leaves;
}

/// Code lengths in which every symbol of `used` has a code.
Bytes code_lengths(const std::vector<bool>& used, std::size_t longest, Codes codes,
                   Random& random) {
  std::vector<std::size_t> symbols;
  const bool more = random.once_in(2);
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] || (more && random.once_in(3))) symbols.push_back(i);
  }
  Bytes lengths(used.size(), 0);
  if (symbols.empty()) return lengths;
  // A leaf that no symbol gets is a gap.
  const std::size_t spare = codes == Codes::gaps ? 1 + random.below(3) : 0;
  const std::size_t leaves = std::min(symbols.size() + spare, std::size_t{1} << longest);
  Bytes tree = random_tree(leaves, longest, random);
  for (std::size_t i = tree.size(); i > 1; --i) std::swap(tree[i - 1], tree[random.below(i)]);
  for (std::size_t i = 0; i < symbols.size(); ++i) lengths[symbols[i]] = tree[i];
  if (codes == Codes::wrong && random.once_in(3)) {
    std::uint8_t& length = lengths[symbols[random.below(symbols.size())]];
    length = static_cast<std::uint8_t>(random.below(longest + 1));
  }
  return lengths;
}

/// A Huffman code from its lengths (RFC 1951, 3.2.2).
class Code {
 public:
  explicit Code(Bytes lengths) : lengths_{std::move(lengths)}, codes_(lengths_.size()) {
    std::size_t next = 0;
    for (std::size_t length = 1; length <= 15; ++length, next <<= 1) {
      for (std::size_t i = 0; i < lengths_.size(); ++i) {
        if (lengths_[i] == length) codes_[i] = next++;
      }
    }
  }

  void write(BitWriter& bits, std::size_t symbol) const {
    bits.code(codes_[symbol], lengths_[symbol]);
  }
  void write(BitWriter& bits, const Symbol& symbol) const {
    write(bits, symbol.symbol);
    bits.number(symbol.extra, symbol.extra_bits);
  }
  [[nodiscard]] const Bytes& lengths() const { return lengths_; }

 private:
  Bytes lengths_;
  std::vector<std::size_t> codes_;
};

Bytes fixed_literals() {
  Bytes lengths(288, 8);
  std::fill(lengths.begin() + 144, lengths.begin() + 256, std::uint8_t{9});
  std::fill(lengths.begin() + 256, lengths.begin() + 280, std::uint8_t{7});
  return lengths;
}

/// Lengths of both codes as symbols of the code length code (RFC 1951, 3.2.7).
std::vector<Symbol> runs_of(const Bytes& lengths, Random& random) {
  std::vector<Symbol> runs;
  const std::size_t patience = 1 + random.below(4);  // how seldom a possible run is not taken
  for (std::size_t at = 0; at < lengths.size();) {
    const std::uint8_t length = lengths[at];
    std::size_t same = 1;
    while (at + same < lengths.size() && lengths[at + same] == length) ++same;
    const bool again = at > 0 && lengths[at - 1] == length;
    const bool take = random.below(patience + 1) != 0;
    if (take && length == 0 && same >= 11) {
      const std::size_t run = std::min<std::size_t>(same, 11 + random.below(128));
      runs.push_back({18, 7, run - 11});
      at += run;
    } else if (take && length == 0 && same >= 3) {
      const std::size_t run = std::min<std::size_t>(same, 3 + random.below(8));
      runs.push_back({17, 3, run - 3});
      at += run;
    } else if (take && again && same >= 3) {
      const std::size_t run = std::min<std::size_t>(same, 3 + random.below(4));
      runs.push_back({16, 2, run - 3});
      at += run;
    } else {
      runs.push_back({length, 0, 0});
      ++at;
    }
  }
  return runs;
}

/// `lengths` without some of the zeros at its end, but at least `least` of them.
void shorten(Bytes& lengths, std::size_t least, Random& random) {
  std::size_t size = lengths.size();
  while (size > least && lengths[size - 1] == 0) --size;
  lengths.resize(size + random.below(lengths.size() - size + 1));
}

void write_code_lengths(BitWriter& bits, Bytes literals, Bytes distances, Codes codes,
                        Random& random) {
  static constexpr std::array<std::size_t, 19> kOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
  shorten(literals, 257, random);
  shorten(distances, 1, random);
  const std::vector<Symbol> runs = runs_of(joined({literals, distances}), random);
  std::vector<bool> used(19);
  for (const Symbol& run : runs) used[run.symbol] = true;
  // zlib and others refuse a code length code with gaps, which one symbol alone has already.
  if (std::ranges::count(used, true) == 1) used[used[0] ? 1 : 0] = true;
  const Code code{code_lengths(used, 7, codes, random)};
  std::size_t count = kOrder.size();
  while (count > 4 && code.lengths()[kOrder[count - 1]] == 0) --count;
  bits.number(literals.size() - 257, 5);
  bits.number(distances.size() - 1, 5);
  bits.number(count - 4, 4);
  for (std::size_t i = 0; i < count; ++i) bits.number(code.lengths()[kOrder[i]], 3);
  for (const Symbol& run : runs) code.write(bits, run);
}

void write_tokens(BitWriter& bits, const std::vector<Token>& tokens, const Code& literals,
                  const Code& distances) {
  for (const Token& token : tokens) {
    if (token.length == 0) {
      literals.write(bits, token.literal);
    } else {
      literals.write(bits, length_symbol(token.length));
      distances.write(bits, distance_symbol(token.distance));
    }
  }
  literals.write(bits, kEndOfBlock);
}

void write_dynamic(BitWriter& bits, const std::vector<Token>& tokens, Codes codes, Random& random) {
  std::vector<bool> literals(286);
  std::vector<bool> distances(30);
  literals[kEndOfBlock] = true;
  for (const Token& token : tokens) {
    if (token.length == 0) {
      literals[token.literal] = true;
    } else {
      literals[length_symbol(token.length).symbol] = true;
      distances[distance_symbol(token.distance).symbol] = true;
    }
  }
  const auto kind = [&] { return random.once_in(2) ? codes : Codes::complete; };
  const Code literal_code{code_lengths(literals, 15, kind(), random)};
  const Code distance_code{code_lengths(distances, 15, kind(), random)};
  write_code_lengths(bits, literal_code.lengths(), distance_code.lengths(), kind(), random);
  write_tokens(bits, tokens, literal_code, distance_code);
}

void write_stored(BitWriter& bits, std::span<const std::uint8_t> data) {
  bits.to_next_byte();
  bits.number(data.size(), 16);
  bits.number(data.size() ^ 0xFFFF, 16);
  for (const std::uint8_t byte : data) bits.byte(byte);
}

const Code& fixed_literal_code() {
  static const Code code{fixed_literals()};
  return code;
}

const Code& fixed_distance_code() {
  static const Code code{Bytes(32, 5)};
  return code;
}

void write_block_header(BitWriter& bits, bool last, std::size_t type) {
  bits.number(last ? 1 : 0, 1);
  bits.number(type, 2);
}

}  // namespace

Bytes deflate_with_empty_blocks(std::span<const std::uint8_t> data, std::size_t at,
                                std::size_t bytes, Random& random) {
  BitWriter bits;
  const auto write_fixed = [&](std::size_t begin, std::size_t end, bool last) {
    write_block_header(bits, last, 1);
    write_tokens(bits, tokens_of(data, begin, end, random), fixed_literal_code(),
                 fixed_distance_code());
  };
  write_fixed(0, at, false);
  for (const std::size_t begin = bits.size(); bits.size() < begin + bytes;) {
    write_block_header(bits, false, 2);
    write_dynamic(bits, {}, Codes::complete, random);
  }
  write_fixed(at, data.size(), true);
  return bits.take();
}

Bytes random_deflate(std::span<const std::uint8_t> data, Codes codes, Random& random) {
  BitWriter bits;
  const std::size_t most = (std::size_t{1} << random.below(17)) + data.size() / 32;
  std::size_t at = 0;
  bool last = false;
  while (!last) {
    const std::size_t size =
        std::min<std::size_t>({data.size() - at, random.below(most + 1), 0xFFFF});
    last = at + size == data.size() && !random.once_in(4);
    const std::size_t type = random.once_in(8) ? random.below(2) : 2;
    write_block_header(bits, last, type);
    if (type == 0) {
      write_stored(bits, data.subspan(at, size));
    } else if (type == 1) {
      write_tokens(bits, tokens_of(data, at, at + size, random), fixed_literal_code(),
                   fixed_distance_code());
    } else {
      write_dynamic(bits, tokens_of(data, at, at + size, random), codes, random);
    }
    at += size;
  }
  return bits.take();
}

}  // namespace pixelferry::test

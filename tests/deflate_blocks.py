"""Deflate data that no compressor writes (RFC 1951): blocks chosen for what they cost to read."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

# RFC 1951, 3.2.7: the order of the code length codes.
CODE_LENGTH_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
END_OF_BLOCK = 256
LENGTH_3 = 257
ZEROS_FEW, ZEROS_MANY, REPEAT = 17, 18, 16

Run = tuple[int, int, int]  # symbol, extra value, extra bits


class BitWriter:
    """Collects bits, least significant first, as deflate does."""

    def __init__(self) -> None:
        self.value = 0
        self.size = 0

    def put(self, value: int, bits: int) -> None:
        """Append the lowest `bits` bits of `value`."""
        self.value |= value << self.size
        self.size += bits

    def put_code(self, code: int, bits: int) -> None:
        """Append a Huffman code, its highest bit first."""
        for bit in reversed(range(bits)):
            self.put(code >> bit & 1, 1)


def dynamic_block(
    literals: Sequence[int], distances: Sequence[int] = (1,), body: Sequence[int] = ()
) -> BitWriter:
    """A block that brings codes of these lengths and yields the symbols of `body`.

    A length symbol there has no extra bits, and distance symbol 0 follows it.
    """
    runs = list(_runs([*literals, *distances]))
    lengths = _huffman_lengths([symbol for symbol, _, _ in runs])
    described = max(at for at, symbol in enumerate(CODE_LENGTH_ORDER) if symbol in lengths) + 1
    described = max(described, 4)
    bits = BitWriter()
    bits.put(0b100, 3)  # not final, dynamic codes
    bits.put(len(literals) - 257, 5)
    bits.put(len(distances) - 1, 5)
    bits.put(described - 4, 4)
    for symbol in CODE_LENGTH_ORDER[:described]:
        bits.put(lengths.get(symbol, 0), 3)
    codes = _codes(lengths)
    for symbol, extra, extra_bits in runs:
        bits.put_code(codes[symbol], lengths[symbol])
        bits.put(extra, extra_bits)
    literal_codes = _codes(dict(enumerate(literals)))
    distance_codes = _codes(dict(enumerate(distances)))
    for symbol in [*body, END_OF_BLOCK]:
        bits.put_code(literal_codes[symbol], literals[symbol])
        if symbol > END_OF_BLOCK:
            bits.put_code(distance_codes[0], distances[0])
    return bits


def equal_codes(bits: int) -> list[int]:
    """Lengths of 2^`bits` codes of that many bits, the last of them for the end of the block."""
    return [0] * (END_OF_BLOCK + 1 - 2**bits) + [bits] * 2**bits


def fixed_block() -> BitWriter:
    """A block of the fixed codes without data: 10 bits."""
    bits = BitWriter()
    bits.put(0b010, 3 + 7)
    return bits


def stored_block(data: bytes = b"") -> bytes:
    """A stored block that begins and ends at a byte; not the last one."""
    size = len(data)
    return b"\0" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + data


def repeated(block: BitWriter, total: int) -> bytes:
    """About `total` bytes of such blocks, ended at a byte by an empty stored block."""
    eight = sum(block.value << at * block.size for at in range(8)).to_bytes(block.size, "little")
    return eight * max(1, (total - 5) // len(eight)) + stored_block()


def _runs(lengths: Sequence[int]) -> Iterator[Run]:
    for length, same in groupby(lengths):
        left = len(list(same))
        if length != 0:
            yield length, 0, 0
            left -= 1
        most = 138 if length == 0 else 6
        while left >= 3:
            count = min(left, most)
            if length != 0:
                yield REPEAT, count - 3, 2
            elif count >= 11:
                yield ZEROS_MANY, count - 11, 7
            else:
                yield ZEROS_FEW, count - 3, 3
            left -= count
        yield from [(length, 0, 0)] * left


def _huffman_lengths(symbols: Sequence[int]) -> dict[int, int]:
    heap = [(count, [symbol]) for symbol, count in Counter(symbols).items()]
    if len(heap) == 1:
        heap.append((0, [1 if symbols[0] != 1 else 0]))  # one code alone would be incomplete
    heapq.heapify(heap)
    lengths: Counter[int] = Counter()
    while len(heap) > 1:
        (few, one), (more, other) = heapq.heappop(heap), heapq.heappop(heap)
        lengths.update(one + other)
        heapq.heappush(heap, (few + more, one + other))
    return dict(lengths)


def _codes(lengths: dict[int, int]) -> dict[int, int]:
    """RFC 1951, 3.2.2."""
    codes, code, before = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items() if length):
        code <<= length - before
        codes[symbol] = code
        code, before = code + 1, length
    return codes

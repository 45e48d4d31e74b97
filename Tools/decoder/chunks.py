"""Where an asset is cut, read from `Schemas/assets.md`."""

SMALLEST, USUAL, LARGEST = 16 << 10, 64 << 10, 256 << 10
MASK64 = (1 << 64) - 1
EARLY, LATE = 0x3FFFF << 46, 0x3FFF << 50


def _gear():
    table, state = [], 0x7368656166
    for _ in range(256):
        state = state + 0x9E3779B97F4A7C15 & MASK64
        value = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK64
        value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK64
        table.append(value ^ value >> 31)
    return table


GEAR = _gear()


def cut(content):
    """The chunks of a content, in order."""
    chunks, start = [], 0
    while start < len(content):
        end = start + _first_cut(content, start)
        chunks.append(content[start:end])
        start = end
    return chunks


def _first_cut(content, start):
    left = len(content) - start
    if left <= SMALLEST:
        return left
    hashed = 0
    for offset in range(SMALLEST, min(left, LARGEST)):
        hashed = hashed * 2 + GEAR[content[start + offset]] & MASK64
        if not hashed & (EARLY if offset < USUAL else LATE):
            return offset + 1
    return min(left, LARGEST)

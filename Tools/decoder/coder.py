"""The coder of `Schemas/coder.md`, read from that page: models that learn, and an arithmetic code."""

REACH = 16 << 20
LARGEST_BASE = 8 << 20
MASK64 = (1 << 64) - 1
K = 0x9E3779B97F4A7C15
L = 0xD6E8FEB86659FD93


class Refused(Exception):
    """The bytes are not those of a writer."""


def _squash_table():
    knots = [22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768, 40793,
             47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514]
    table = []
    for place in range(4096):
        knot, rest = place >> 7, place & 127
        table.append((knots[knot] * (128 - rest) + knots[knot + 1] * rest + 64) >> 7)
    return table


SQUASH = _squash_table()


def _stretch_table():
    table, following = [2047] * 4096, 0
    for odds in range(-2047, 2048):
        while following <= SQUASH[odds + 2048] >> 4:
            table[following] = odds
            following += 1
    return table


STRETCH = _stretch_table()
RECIPROCALS = [65536 * 2 // (2 * n + 3) for n in range(1024)]


def _histories():
    """The states in the order they are first met, what follows each, and the first guess in each."""
    limits = [30, 20, 10, 7, 6, 5]

    def after(state, bit):
        counts = [state[0], state[1]]
        counts[bit] += 1
        if counts[1 - bit] > 2:
            counts[1 - bit] = counts[1 - bit].bit_length()
        rarer = min(counts[0], counts[1], 5)
        counts = [min(count, limits[rarer]) for count in counts]
        return counts[0], counts[1], bit if counts[0] and counts[1] else 0

    states, known = [(0, 0, 0)], {(0, 0, 0): 0}
    for state in states:
        for bit in (0, 1):
            new = after(state, bit)
            if new not in known:
                known[new] = len(states)
                states.append(new)
    following = [known[after(state, bit)] for state in states for bit in (0, 1)]
    guesses = [((ones * 2 + 1) << 22) // (zeros * 2 + ones * 2 + 2) for zeros, ones, _ in states]
    return following, guesses


NEXT, FIRST_GUESS = _histories()


def moved(cell, bit, limit):
    """A learning probability after a bit."""
    count, probability = cell & 1023, cell >> 10
    target = (1 << 22) - 1 if bit else 0
    probability += (target - probability) * RECIPROCALS[count] >> 16
    return probability << 10 | (count + 1 if count < limit else limit)


def wrapped(value):
    """As a signed number of 32 bits."""
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


class RangeDecoder:
    def __init__(self, data):
        self.data, self.offset, self.low, self.high, self.value = data, 0, 0, 0xFFFFFFFF, 0
        for _ in range(4):
            self._take()

    def _take(self):
        byte = self.data[self.offset] if self.offset < len(self.data) else 0
        self.value = (self.value << 8 | byte) & 0xFFFFFFFF
        self.offset += 1

    def bit(self, probability):
        middle = self.low + ((self.high - self.low) * probability >> 16)
        bit = 1 if self.value <= middle else 0
        if bit:
            self.high = middle
        else:
            self.low = middle + 1
        while (self.low ^ self.high) & 0xFF000000 == 0:
            self.low = self.low << 8 & 0xFFFFFFFF
            self.high = (self.high << 8 | 0xFF) & 0xFFFFFFFF
            self._take()
        return bit

    def check(self):
        if self.offset > len(self.data) + 4:
            raise Refused("coded bytes are cut short")

    def end(self):
        if self.data[self.offset - 4:] != self._ending() or self.offset - 4 > len(self.data):
            raise Refused("coded bytes do not end with the last body or field")

    def _ending(self):
        if self.low == 0:
            return b""
        for count in (1, 2, 3):
            mask = 0xFFFFFFFF << (32 - 8 * count) & 0xFFFFFFFF
            value = (self.low & mask) + (~mask & 0xFFFFFFFF) + 1
            if value <= self.high:
                return value.to_bytes(4, "big")[:count]
        return self.low.to_bytes(4, "big")


class ByteModel:
    CONTEXTS, INPUTS = 6, 9

    def __init__(self, size_bits):
        self.size_bits = size_bits
        self.lines = {}
        self.maps = [[guess << 10 | 6 for guess in FIRST_GUESS] for _ in range(self.CONTEXTS)]
        self.expected = [3 << 30 | 2] * 128
        self.weights = {}
        self.past = self.word = self.last_word = 0

    def passed(self, byte):
        self.past = (self.past << 8 | byte) & MASK64
        if (byte | 0x20) - 0x61 & 0xFF < 26 or byte >= 0x80:
            self.word = (self.word + (byte | 0x20) + 1) * 0x2F0B4C47 & 0xFFFFFFFF
        elif self.word:
            self.last_word, self.word = self.word, 0

    def _line(self, context, hashed, half, partial):
        mixed = hashed if half == 0 else (hashed + partial) * L & MASK64
        mixed ^= mixed >> 32
        mixed = mixed * L & MASK64
        place = context, mixed >> 68 - self.size_bits
        check = mixed >> 8 & 0xFF | 1
        line = self.lines.get(place)
        if line is None or line[0] != check:
            line = self.lines[place] = bytearray(16)
            line[0] = check
        return line

    def byte(self, coder, first=(-1, 0), second=(-1, 0)):
        past, word = self.past, self.word
        expected = (first[0] + 1) << 16 | (second[0] + 1)
        hashes = [(past & 0xFF) * K + 1, (past & 0xFFFF) * K + 2, (past & 0xFFFFFF) * K + 3,
                  (past & 0xFFFFFFFF) * K + 4,
                  (word << 32 | (0 if word else past & 0xFF) << 24 ^ self.last_word) * K + 7,
                  (expected << 8 | past & 0xFF) * K + 9]
        key = (0 if first[0] < 0 else 1 + min(first[1] & 3, 2)) * 16 + (0 if second[0] < 0 else 1)
        weights = self.weights.setdefault(key, [16000] * self.INPUTS)
        partial = 1
        for half in (0, 1):
            lines = [self._line(context, hashed & MASK64, half, partial) for context, hashed in enumerate(hashes)]
            node = 1
            for position in range(4):
                shift = 7 - half * 4 - position
                bit = self._bit(coder, lines, node, partial, shift, first, second, weights)
                node, partial = node << 1 | bit, partial << 1 | bit
        self.passed(partial & 0xFF)
        return partial & 0xFF

    def _bit(self, coder, lines, node, partial, shift, first, second, weights):
        inputs = []
        for line, cells in zip(lines, self.maps):
            state = line[node]
            inputs.append(STRETCH[cells[state] >> 20] if state else 0)
        asked = []
        for (byte, trust), row in ((first, 0), (second, 64)):
            odds = 0
            if byte >= 0 and (byte | 0x100) >> shift + 1 == partial:
                cell = row + trust + (shift if row else 0)
                odds = STRETCH[self.expected[cell] >> 20]
                bit = byte >> shift & 1
                odds = odds if bit else -odds
                asked.append((cell, bit))
            inputs.append(odds)
        inputs.append(256)
        total = sum(a * b for a, b in zip(inputs, weights)) >> 16
        mixed = SQUASH[max(-2047, min(2047, total)) + 2048]
        bit = coder.bit(mixed)
        error = (bit << 16) - mixed >> 4
        for index, value in enumerate(inputs):
            weights[index] = wrapped(weights[index] + (value * error + 0x2000 >> 14))
        for line, cells in zip(lines, self.maps):
            state = line[node]
            cells[state] = moved(cells[state], bit, 255)
            line[node] = NEXT[state << 1 | bit]
        for cell, expected in asked:
            self.expected[cell] = moved(self.expected[cell], 1 if expected == bit else 0, 255)
        return bit


class GuessModel:
    def __init__(self):
        self.trusts = [3 << 30 | 1] * 256
        self.cells = [{}, {}]
        self.weights = [[26000] * 3 for _ in range(64)]

    def is_right(self, coder, guess, trust, past):
        places = [(((guess << 32 | past & mask) * K) & MASK64) >> 48 for mask in (0xFFFF, 0xFFFFFF)]
        found = [self.trusts[trust]] + [cells.get(place, 3 << 30) for cells, place in zip(self.cells, places)]
        odds = [STRETCH[cell >> 20] for cell in found]
        weights = self.weights[trust >> 2]
        total = sum(a * b for a, b in zip(odds, weights)) >> 16
        mixed = SQUASH[max(-2047, min(2047, total)) + 2048]
        bit = coder.bit(mixed)
        error = (bit << 16) - mixed >> 4
        for index, value in enumerate(odds):
            weights[index] = wrapped(weights[index] + (value * error + 0x2000 >> 14))
        self.trusts[trust] = moved(found[0], bit, 255)
        for cells, place, cell in zip(self.cells, places, found[1:]):
            cells[place] = moved(cell, bit, 127)
        return bit


class Cells(dict):
    """Decisions that learn, each from one half."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def bit(self, coder, key):
        cell = self.get(key, 1 << 31)
        bit = coder.bit(min(max(cell >> 16, 1), 65535))
        self[key] = moved(cell, bit, self.limit)
        return bit


class FieldDecoder:
    def __init__(self):
        self.model = ByteModel(16)

    def begin(self, data):
        self.coder = RangeDecoder(data)

    def byte(self):
        byte = self.model.byte(self.coder)
        self.coder.check()
        return byte

    def digest(self, count):
        out = bytearray()
        for _ in range(count):
            byte = 0
            for _ in range(8):
                byte = byte << 1 | self.coder.bit(32768)
            out.append(byte)
            self.coder.check()
        return bytes(out)

    def end(self):
        self.coder.end()


class ContentDecoder:
    """Bodies, in their order. The window is kept whole here; `REACH` bounds what is used of it."""

    def __init__(self):
        self.window = bytearray()
        self.bytes, self.guesses = ByteModel(20), GuessModel()
        self.flags, self.kinds, self.ends, self.numbers = Cells(125), Cells(125), Cells(125), Cells(60)
        self.places = {}
        self.known = {}

    def begin(self, data):
        self.coder = RangeDecoder(data)

    def end(self):
        self.coder.end()

    def body(self, base, limit, name):
        """The next body; `base` is a hash and its bytes, `name(body)` gives a body's hash."""
        place = (0, 0)
        if base:
            place = self.known.get(base[0])
            if place is None or len(self.window) - place[0] > REACH - LARGEST_BASE:
                start = len(self.window)
                if len(base[1]) > LARGEST_BASE:
                    raise Refused("a base beyond the limit")
                self.window += base[1]
                self._note(start, len(self.window))
                place = self.known[base[0]] = (start, len(self.window))
            limit = min(limit, LARGEST_BASE)
        start = len(self.window)
        self._decode(place, limit)
        body = bytes(self.window[start:])
        self.known[name(body)] = (start, len(self.window))
        return body

    def _hash(self, place):
        return (int.from_bytes(self.window[place - 5:place], "little") * K & MASK64) >> 48

    def _note(self, start, end):
        place = max(start, 5)
        place += -place % 4
        while place <= end:
            self.places[self._hash(place)] = place
            place += 4

    def _number(self, context):
        node = 1
        for _ in range(6):
            node = node << 1 | self.numbers.bit(self.coder, (context, node))
        digits, number, place = min(node & 63, 40), 1, 1
        for _ in range(digits):
            if place < 4:
                bit = self.numbers.bit(self.coder, (context, digits, place))
                place = place << 1 | bit
            else:
                bit = self.coder.bit(32768)
            number = number << 1 | bit
        return number - 1

    def _decode(self, base, limit):
        window, coder = self.window, self.coder
        start = len(window)
        self.base, self.base_place, self.elsewhere = base, base[0], -1
        self.run, self.agreement, self.match = 0, 0, (0, 0)
        last_kind = 8 if base[1] > base[0] else 9
        while True:
            coder.check()
            place = len(window)
            last = self.bytes.past & 0xFF
            letter = 0 if last == 10 else 1 if (last | 0x20) - 0x61 & 0xFF < 26 or last >= 0x80 else 2
            run = self.run
            bucket = run if run < 3 else 3 if run < 5 else 4 if run < 9 else 5 if run < 17 else 6 if run < 33 else 7
            if not self.flags.bit(coder, (bucket, letter, self.match[1] >= 8)):
                if place - start >= limit:
                    raise Refused("a body beyond its limit")
                self._literal()
                continue
            context = last_kind * 2 + (1 if run else 0)
            node = 1
            for _ in range(3):
                node = node << 1 | self.kinds.bit(coder, (context, node))
            kind = node & 7
            if kind == 7:
                break
            if kind == 0:
                source = self.base_place
            elif kind == 1:
                source = self.base_place + run
            elif kind == 2:
                source = self.base_place + 1 + self._number(4)
            elif kind == 3:
                source = self.base_place - 1 - self._number(5)
            elif kind == 4:
                source = self.elsewhere
            elif kind == 5:
                source = -1 if self.elsewhere < 0 else self.elsewhere + run
            else:
                source = place - 1 - self._number(6)
            is_end = False
            if kind < 4 and self.ends.bit(coder, kind):
                count = base[1] - source
                is_end = self.ends.bit(coder, 4 + kind)
            else:
                count = 1 + self._number(kind // 2 if kind < 4 else 3 if kind == 6 else 2)
            if kind < 4:
                inside = base[0] <= source < base[1] and count <= base[1] - source
            else:
                inside = 0 <= source < place and place - source <= REACH
            if not inside or count < 1 or count > limit - (place - start):
                raise Refused("a copy from outside, or beyond the limit")
            if place - source >= count:
                window += window[source:source + count]
            else:
                for index in range(count):
                    window.append(window[source + index])
            self._copied(kind, source, count, place)
            last_kind = kind
            if is_end:
                break
        coder.check()

    def _literal(self):
        place = len(self.window)
        at = self.base_place + self.run
        first, second = (-1, 0), (-1, 0)
        if at < self.base[1]:
            first = self.window[at], self.agreement | min(self.run, 3) << 2
        value = guess = -1
        count = self.match[1]
        if count:
            guess = self.window[self.match[0]]
            trust = count if count < 16 else min(16 + (count - 16 >> 2), 31)
            relation = 0 if first[0] < 0 else 1 if first[0] == guess else 2
            if self.guesses.is_right(self.coder, guess, trust << 2 | relation, self.bytes.past):
                value = guess
                self.bytes.passed(guess)
            second = guess, 32
        if value < 0:
            value = self.bytes.byte(self.coder, first, second)
        self.window.append(value)
        if first[0] >= 0:
            self.agreement = min(self.agreement + 1, 3) if first[0] == value else 0
        self.run += 1
        if count and guess == value:
            self.match = self.match[0] + 1, min(count + 1, 255)
        else:
            self.match = self.match[0], 0
        self._find(place + 1)

    def _find(self, place):
        if place < 5:
            return
        key = self._hash(place)
        if not self.match[1]:
            candidate = self.places.get(key, 0)
            if 0 < place - candidate <= REACH - 32 and candidate >= 32:
                count = 0
                while count < 32 and self.window[candidate - count - 1] == self.window[place - count - 1]:
                    count += 1
                if count >= 4:
                    self.match = candidate, count
        self.places[key] = place

    def _copied(self, kind, source, count, place):
        if kind < 4:
            self.base_place = source + count
        else:
            self.elsewhere = source + count
        self.run, self.agreement, self.match = 0, 0, (0, 0)
        for index in range(max(0, count - 12), count):
            self.bytes.passed(self.window[place + index])
        self._note(place + max(0, count - (64 << 10)), place + count)
        self._find(place + count)
        if self.match[1] and self.match[0] == source + count:
            self.match = (0, 0)

"""What is done to a good file: to its bytes, and to what it is made of. All follows from a `random.Random`."""

import json
import re
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

Mutator = Callable[[Random, bytes], bytes]

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 40, (1 << 64) - 1)
# Values as they stand in a JSON text, those too that no writer gives.
TOKENS = (
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "-0", "-0.0", "1e-320", "1e308", "-1e30", "0", "-1", "1.5"),
    *("2", "1000000000", "9" * 25, "9" * 400, "-" + "9" * 5000, "true", "false", "null", "[]", "{}", "[[]]"),
    *('""', '"x"', '"\\ud800"', '"\\u0000"', '"\\u001b[2J"', '"../../x"', '"full"', '"1e999"', '"' + "x" * 9999 + '"'),
    *("[" * 60 + "]" * 60, "[" * 50_000, '{"a":' * 300 + "1" + "}" * 300),
)
_MARK = "a mark that no file holds"


def flip(rng: Random, content: bytes) -> bytes:
    """Some bits."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 64)) if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: Random, content: bytes) -> bytes:
    """Only the beginning, or all but it."""
    at = rng.choice((0, 1, rng.randrange(len(content) + 1), max(0, len(content) - 1)))
    return content[:at] if rng.random() < 0.8 else content[at:]


def lengthen(rng: Random, content: bytes) -> bytes:
    """Something before, behind or within."""
    more, at = rng.randbytes(rng.choice((1, 16, 4096))), rng.choice((0, len(content), rng.randrange(len(content) + 1)))
    return content[:at] + more + content[at:]


def blank(rng: Random, content: bytes) -> bytes:
    """A stretch of one byte."""
    at, length = rng.randrange(len(content) + 1), rng.choice((1, 4, 64, 1024))
    return (
        content[:at]
        + rng.choice((b"\0", b"\xff", b" ", b"9")) * len(content[at : at + length])
        + content[at + length :]
    )


def repeat(rng: Random, content: bytes) -> bytes:
    """A stretch that is there twice."""
    at, length = rng.randrange(len(content) + 1), rng.choice((1, 16, 512, len(content)))
    return content[: at + length] + content[at:]


def number(rng: Random, content: bytes) -> bytes:
    """A number where there may have been one."""
    form = rng.choice(("<B", "<H", ">H", "<L", ">L", "<Q"))
    value = struct.pack(form, rng.choice(NUMBERS) % (1 << 8 * struct.calcsize(form)))
    at = rng.randrange(max(1, len(content) - len(value) + 1))
    return content[:at] + value + content[at + len(value) :]


def json_value(rng: Random, content: bytes) -> bytes:
    """Another value in place of one."""
    value = json.loads(content)
    holder, key = rng.choice(_places(value))
    if holder is None:
        return rng.choice(TOKENS).encode()
    holder[key] = _MARK
    return json.dumps(value).replace(f'"{_MARK}"', rng.choice(TOKENS)).encode()


def json_structure(rng: Random, content: bytes) -> bytes:
    """A value gone, moved, wrapped, there twice or under another name."""
    value = json.loads(content)
    (holder, key), (other, place) = (rng.choice(_places(value)[1:] or [(None, None)]) for _ in range(2))
    if holder is None:
        return content
    deed = rng.randrange(5)
    if deed == 0:
        del holder[key]
    elif deed == 1:
        holder[key], other[place] = json.loads(json.dumps(other[place])), json.loads(json.dumps(holder[key]))
    elif deed == 2:
        holder[key] = [holder[key]] if rng.random() < 0.5 else {key if isinstance(key, str) else "x": holder[key]}
    elif isinstance(holder, list):
        holder.insert(key, json.loads(json.dumps(other[place])))
    else:
        holder[rng.choice(("", "x", "__class__", "../x", key * 2))] = holder[key] if deed == 3 else holder.pop(key)
    return json.dumps(value).encode()


def json_text(rng: Random, content: bytes) -> bytes:
    """The same value written otherwise, or a number in it that is none."""
    text = content.decode()
    numbers = list(re.finditer(r"-?\d+\.?\d*", text))
    deed = rng.randrange(4)
    if deed == 0 and numbers:
        found = rng.choice(numbers)
        return (text[: found.start()] + rng.choice(TOKENS) + text[found.end() :]).encode()
    if deed == 1:
        return text.encode(rng.choice(("utf-8-sig", "utf-16", "utf-32", "ascii")), "replace")
    if deed == 2:
        return text.replace(rng.choice("{}[],:"), rng.choice("{}[],:"), 1).encode()
    return text.encode() + rng.choice((b"", b" " * 5_000_000, text.encode()))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value as (what holds it, key); the value itself first, as (None, None)."""
    found: list[tuple[Any, Any]] = [(None, None)]
    level = [value]
    while level:
        holder = level.pop()
        items = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
        for key, item in items:
            found.append((holder, key))
            level.append(item)
    return found


def huge_picture(rng: Random, content: bytes) -> bytes:
    """A small PNG of a huge picture."""
    width, height = rng.choice(((30_000, 30_000), (1 << 30, 1), (0, 9), (1 << 31, 1 << 31), (65_000, 65_000)))

    def chunk(kind: bytes, inside: bytes) -> bytes:
        return struct.pack(">L", len(inside)) + kind + inside + struct.pack(">L", zlib.crc32(kind + inside))

    header, rows = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0), zlib.compress(bytes(4_000_000), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) * 9 + chunk(b"IEND", b"")


BYTES: tuple[Mutator, ...] = (flip, cut, lengthen, blank, repeat, number)
JSON: tuple[Mutator, ...] = (json_value, json_value, json_value, json_structure, json_text)
PICTURE: tuple[Mutator, ...] = (huge_picture,)

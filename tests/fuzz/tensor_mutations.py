"""What is done to a checkpoint: to its values, and to the zip that torch makes of them."""

import io
import json
import zipfile
from random import Random
from typing import Any

import torch

from tests.fuzz.mutations import JSON, TOKENS, Mutator

_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1.5, 10**30, float("nan"), float("inf"), -float("inf"), "", "x" * 9999, "\ud800", b"x"),
    *([], {}, [[float("nan")]], {1: 2}, torch.zeros(2), torch.zeros(()), torch.zeros(1).expand(1 << 30)),
)


def values(rng: Random, content: bytes) -> bytes:
    """A value gone, another one, or another JSON text in place of one."""
    held = torch.load(io.BytesIO(content), weights_only=True)
    key = rng.choice(sorted(held))
    if isinstance(held[key], str) and held[key].startswith("{") and rng.random() < 0.8:
        try:
            held[key] = rng.choice(JSON)(rng, held[key].encode()).decode()
        except UnicodeDecodeError:
            held[key] = rng.choice(TOKENS)
    elif isinstance(held[key], dict) and held[key] and rng.random() < 0.8:
        inner = rng.choice(sorted(held[key], key=str))
        held[key][inner] = rng.choice(_VALUES)
    elif rng.random() < 0.2:
        del held[key]
    else:
        held[key] = rng.choice(_VALUES)
    out = io.BytesIO()
    torch.save(held, out)
    return out.getvalue()


def packing(rng: Random, content: bytes) -> bytes:
    """Members packed, gone, exchanged, or enormous."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    name, other, deed = rng.choice(sorted(members)), rng.choice(sorted(members)), rng.randrange(20)
    if deed < 6:
        del members[name]
    elif deed < 12:
        members[name], members[other] = members[other], members[name]
    elif deed < 18:
        inner = bytearray(members[name])
        if inner:
            inner[rng.randrange(len(inner))] ^= 1 << rng.randrange(8)
        members[name] = bytes(inner)
    elif deed == 18:
        members[name] = bytes(600 << 20)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if deed > 16 else zipfile.ZIP_STORED, compresslevel=1) as file:
        for name, inside in members.items():
            file.writestr(name, inside)
    return out.getvalue()


def plain(rng: Random, content: bytes) -> bytes:
    """JSON, or a pickle of before torch made zips, in place of it."""
    out = io.BytesIO()
    torch.save({"version": 3}, out, _use_new_zipfile_serialization=False)
    return rng.choice((json.dumps({"version": 3}).encode(), out.getvalue()))


TENSORS: tuple[Mutator, ...] = (*(values,) * 20, *(packing,) * 10, plain)

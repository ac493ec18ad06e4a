"""A tiny machine for classic BPF, so that filters for any architecture can be run in a test."""

import struct
from collections.abc import Sequence

LOAD, JUMP, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06


def run(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """What a filter returns for one system call."""
    words = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(word & (1 << 64) - 1 for word in words))
    code = list(struct.iter_unpack("=HBBI", program))
    at, accumulator = 0, 0
    while True:
        operation, if_true, if_false, constant = code[at]
        at += 1
        if operation == RETURN:
            return int(constant)
        if operation == LOAD:
            (accumulator,) = struct.unpack_from("<I", data, constant)
            continue
        if operation == JUMP:
            at += constant
            continue
        holds = {
            EQUAL: accumulator == constant,
            AT_LEAST: accumulator >= constant,
            ANY_BIT: bool(accumulator & constant),
        }[operation]
        at += if_true if holds else if_false

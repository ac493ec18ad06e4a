"""A small assembler for seccomp filters: what happens to each call goes in, classic BPF comes out.

The call's number is looked for by halves, so that no call is compared with more than a dozen others; and
where the answer does not depend on arguments, the kernel finds that out once and keeps it (since 5.11).

Sources: Linux `Documentation/userspace-api/seccomp_filter.rst`, `linux/seccomp.h`, `linux/bpf_common.h`.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
NOTIFY = 0x7FC00000
_ERRNO = 0x00050000

# Opcodes: load a word of the call's data, jump, compare the accumulator, return.
LOAD = 0x20
JUMP = 0x05
JUMP_EQUAL = 0x15
JUMP_AT_LEAST = 0x35
JUMP_ANY_BIT = 0x45
RETURN = 0x06

# Offsets in `struct seccomp_data`.
_NUMBER = 0
_ARCHITECTURE = 4
_ARGUMENTS = 16

MAX_INSTRUCTIONS = 4096
"""The kernel refuses longer programs (BPF_MAXINSNS)."""


def refuse(errno: int) -> int:
    """The action that makes a call fail with `errno` without entering the kernel's code for it."""
    return _ERRNO | errno


class Instruction(NamedTuple):
    """One BPF instruction: operation, jump distances when true and when false, constant."""

    code: int
    if_true: int
    if_false: int
    constant: int

    def encoded(self) -> bytes:
        """The instruction as `struct sock_filter`, in the machine's byte order."""
        return struct.pack("=HBBI", *self)


@dataclass(frozen=True, slots=True)
class Among:
    """The low 32 bits of an argument are one of `values`."""

    argument: int
    values: tuple[int, ...]

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        last = len(self.values) - 1
        tests = (
            Instruction(JUMP_EQUAL, last - at, int(at == last), value) for at, value in enumerate(self.values)
        )
        return (_load_low(self.argument), *tests)


@dataclass(frozen=True, slots=True)
class NotAmong:
    """The low 32 bits of an argument are none of `values`."""

    argument: int
    values: tuple[int, ...]

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        last = len(self.values) - 1
        tests = (Instruction(JUMP_EQUAL, last - at + 1, 0, value) for at, value in enumerate(self.values))
        return (_load_low(self.argument), *tests)


@dataclass(frozen=True, slots=True)
class AnyBits:
    """At least one of the bits of `mask` is set in the low 32 bits of an argument."""

    argument: int
    mask: int

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        return (_load_low(self.argument), Instruction(JUMP_ANY_BIT, 0, 1, self.mask))


@dataclass(frozen=True, slots=True)
class NoBits:
    """None of the bits of `mask` is set in the low 32 bits of an argument."""

    argument: int
    mask: int

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        return (_load_low(self.argument), Instruction(JUMP_ANY_BIT, 1, 0, self.mask))


@dataclass(frozen=True, slots=True)
class NotNull:
    """A pointer argument is not null; all 64 bits count."""

    argument: int

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        return (
            _load_low(self.argument),
            Instruction(JUMP_EQUAL, 0, 2, 0),
            Instruction(LOAD, 0, 0, _ARGUMENTS + 8 * self.argument + 4),
            Instruction(JUMP_EQUAL, 1, 0, 0),
        )


Condition = Among | NotAmong | AnyBits | NoBits | NotNull


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one system call: the first case that holds decides, else `action`."""

    action: int
    cases: tuple[tuple[Condition, int], ...] = ()

    def code(self) -> list[Instruction]:
        """Instructions that return the action."""
        program: list[Instruction] = []
        for condition, action in self.cases:
            program += [*condition.code(), Instruction(RETURN, 0, 0, action)]
        return [*program, Instruction(RETURN, 0, 0, self.action)]


def assemble(audit_token: int, decisions: Mapping[int, Decision], unknown: int) -> bytes:
    """A whole filter.

    Args:
        audit_token: the `AUDIT_ARCH_*` value of the only allowed ABI; calls in another one kill the process.
        decisions: what happens to the calls that are known, by number. Arguments are compared as
            little-endian 64-bit words.
        unknown: the action for every other number, those of a second ABI with the same token (x32) among
            them.

    Raises:
        ValueError: the program would be longer than the kernel takes.
    """
    program = [
        Instruction(LOAD, 0, 0, _ARCHITECTURE),
        Instruction(JUMP_EQUAL, 1, 0, audit_token),
        Instruction(RETURN, 0, 0, KILL_PROCESS),
        Instruction(LOAD, 0, 0, _NUMBER),
        *_search(_ranges(decisions, Decision(unknown))),
    ]
    if len(program) > MAX_INSTRUCTIONS:
        raise ValueError(f"a filter of {len(program)} instructions is longer than the kernel takes")
    return b"".join(instruction.encoded() for instruction in program)


def _ranges(decisions: Mapping[int, Decision], unknown: Decision) -> list[tuple[int, Decision]]:
    """Where each run of equal decisions begins; the last one has no end."""
    ranges: list[tuple[int, Decision]] = []
    for number in range(max(decisions) + 2):
        decision = decisions.get(number, unknown)
        if not ranges or ranges[-1][1] != decision:
            ranges.append((number, decision))
    return ranges


def _search(ranges: Sequence[tuple[int, Decision]]) -> list[Instruction]:
    """Find the range of the number in the accumulator by halves."""
    if len(ranges) == 1:
        return ranges[0][1].code()
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    # A conditional jump goes 255 instructions far, a plain one as far as need be.
    return [
        Instruction(JUMP_AT_LEAST, 0, 1, ranges[middle][0]),
        Instruction(JUMP, 0, 0, len(below)),
        *below,
        *above,
    ]


def _load_low(argument: int) -> Instruction:
    return Instruction(LOAD, 0, 0, _ARGUMENTS + 8 * argument)

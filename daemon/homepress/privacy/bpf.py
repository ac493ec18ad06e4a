"""A small assembler for seccomp filters: rules over system calls in, classic BPF instructions out.

Sources: Linux `Documentation/userspace-api/seccomp_filter.rst`, `linux/seccomp.h`, `linux/bpf_common.h`.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

# Opcodes: load a word of the call's data, compare the accumulator, return.
LOAD = 0x20
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
class Equal:
    """The low 32 bits of an argument are `value`."""

    argument: int
    value: int

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        return (_load_low(self.argument), Instruction(JUMP_EQUAL, 0, 1, self.value))


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


Condition = Equal | NotAmong | AnyBits | NoBits | NotNull


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to one system call, when its condition holds (always, when there is none)."""

    number: int
    action: int
    when: Condition | None = None


def assemble(audit_token: int, foreign_from: int | None, foreign: int, rules: Iterable[Rule]) -> bytes:
    """A whole filter: first rule that fits decides, and what no rule names is allowed.

    Args:
        audit_token: the `AUDIT_ARCH_*` value of the only allowed ABI; calls in another one kill the process.
        foreign_from: the lowest number that belongs to a second ABI with the same token (x32), if there is
            one.
        foreign: the action for those numbers.
        rules: in order. Arguments are compared as little-endian 64-bit words.

    Raises:
        ValueError: the program would be longer than the kernel takes.
    """
    program = [
        Instruction(LOAD, 0, 0, _ARCHITECTURE),
        Instruction(JUMP_EQUAL, 1, 0, audit_token),
        Instruction(RETURN, 0, 0, KILL_PROCESS),
        _load_number(),
    ]
    if foreign_from is not None:
        program += [Instruction(JUMP_AT_LEAST, 0, 1, foreign_from), Instruction(RETURN, 0, 0, foreign)]
    for rule in rules:
        program += _rule_code(rule)
    program.append(Instruction(RETURN, 0, 0, ALLOW))
    if len(program) > MAX_INSTRUCTIONS:
        raise ValueError(f"a filter of {len(program)} instructions is longer than the kernel takes")
    return b"".join(instruction.encoded() for instruction in program)


def _rule_code(rule: Rule) -> Sequence[Instruction]:
    """The accumulator holds the call's number before and after."""
    if rule.when is None:
        return (Instruction(JUMP_EQUAL, 0, 1, rule.number), Instruction(RETURN, 0, 0, rule.action))
    condition = rule.when.code()
    return (
        Instruction(JUMP_EQUAL, 0, len(condition) + 1, rule.number),
        *condition,
        Instruction(RETURN, 0, 0, rule.action),
        _load_number(),
    )


def _load_number() -> Instruction:
    return Instruction(LOAD, 0, 0, _NUMBER)


def _load_low(argument: int) -> Instruction:
    return Instruction(LOAD, 0, 0, _ARGUMENTS + 8 * argument)

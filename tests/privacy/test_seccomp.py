"""The assembler: a filter finds each number's decision, whatever decisions there are."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.privacy.seccomp import (
    ALLOW,
    KILL_PROCESS,
    Among,
    AnyBits,
    Decision,
    NoBits,
    NotAmong,
    NotNull,
    assemble,
    refuse,
)
from privacy.bpf_machine import run

TOKEN = 0xC000003E
DENIED, UNKNOWN = refuse(errno.EACCES), refuse(errno.ENOSYS)
WORDS = st.integers(0, (1 << 64) - 1)


@pytest.mark.slow
@given(
    actions=st.dictionaries(st.integers(0, 500), st.sampled_from([ALLOW, DENIED]), min_size=1),
    numbers=st.lists(st.integers(0, 0xFFFFFFFF)),
)
def test_each_number_gets_its_decision(actions: dict[int, int], numbers: list[int]) -> None:
    program = assemble(TOKEN, {number: Decision(action) for number, action in actions.items()}, UNKNOWN)
    for number in (*range(502), 0x40000000, *numbers):
        assert run(program, TOKEN, number) == actions.get(number, UNKNOWN)
        assert run(program, TOKEN + 1, number) == KILL_PROCESS


@given(
    word=WORDS, values=st.lists(st.integers(0, 20), min_size=1, max_size=9), mask=st.integers(1, 0xFFFFFFFF)
)
def test_conditions_look_at_the_low_half_of_an_argument(word: int, values: list[int], mask: int) -> None:
    low = word & 0xFFFFFFFF
    small = low % 25
    for argument, condition, holds in (
        (small, Among(2, tuple(values)), small in values),
        (small, NotAmong(2, tuple(values)), small not in values),
        (word, AnyBits(2, mask), bool(low & mask)),
        (word, NoBits(2, mask), not low & mask),
        (word, NotNull(2), word != 0),
    ):
        program = assemble(TOKEN, {7: Decision(ALLOW, ((condition, DENIED),))}, UNKNOWN)
        # The high half is no part of an `int`.
        for high in (0, 1 << 32) if not isinstance(condition, NotNull) else (0,):
            assert run(program, TOKEN, 7, (0, 0, argument | high)) == (DENIED if holds else ALLOW), condition


def test_the_first_case_that_holds_decides() -> None:
    cases = ((AnyBits(0, 1), DENIED), (AnyBits(0, 2), refuse(errno.EPERM)))
    program = assemble(TOKEN, {7: Decision(ALLOW, cases)}, UNKNOWN)
    answers = [run(program, TOKEN, 7, (bits,)) for bits in range(4)]
    assert answers == [ALLOW, DENIED, refuse(errno.EPERM), DENIED]


def test_a_filter_that_the_kernel_would_not_take_is_not_made() -> None:
    with pytest.raises(ValueError, match="longer than the kernel takes"):
        assemble(TOKEN, {number: Decision(number) for number in range(2000)}, UNKNOWN)

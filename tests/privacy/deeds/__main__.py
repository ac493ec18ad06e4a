"""The deeds of a taken-over process and what came of them, as the table of docs/privacy.md.

    python tests/privacy/deeds            counts
    python tests/privacy/deeds --each     every deed, with what each kind of process got

As root it is tried as an ordinary user too.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from privacy.deeds.model import UNTRIED, Answer, answer
from privacy.deeds.table import deeds
from privacy.deeds.trial import KERNELS, ROLES, Outcome, Trial, trial, users

_HEAD = "| process | where | tried | refused | ended for it | reached nothing | worked | names told |"
_NAMES = {"free": "no lock", "heic": "worker for HEIC", "client": "tray, window, command"}


def main() -> int:
    """Try and print; 1 when something went otherwise than it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--each", action="store_true", help="every deed in place of counts")
    each = parser.parse_args().each
    locked = {(user, kernel): trial(user, kernel) for user in users() for kernel in KERNELS}
    free = {user: trial(user, "free") for user in users()}
    print("\n".join(_list(free, locked) if each else _counts(free, locked)))
    unexpected = [
        f"{role} as {user}, kernel {KERNELS[kernel]}: {name}: {got}"
        for (user, kernel), one in locked.items()
        for role in ROLES
        for name, got in one.unexpected(role).items()
    ]
    print("\n".join(unexpected), file=sys.stderr)
    return 1 if unexpected else 0


def _counts(free: dict[str, Trial], locked: dict[tuple[str, str], Trial]) -> list[str]:
    """One line for all users and kernels that gave the same numbers."""
    lines = [_HEAD, "|---|---|---:|---:|---:|---:|---:|---:|"]
    for role in ("free", *ROLES):
        trials = {(user, "all"): one for user, one in free.items()} if role == "free" else locked
        same: dict[tuple[object, ...], list[tuple[str, str]]] = {}
        for where, one in trials.items():
            same.setdefault(_numbers(one.outcomes[role]), []).append(where)
        for numbers, found in same.items():
            cells = (_NAMES.get(role, role), _where(found), *numbers)
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def _numbers(one: Outcome) -> tuple[object, ...]:
    counts = one.counts()
    numbers = [counts[kind] for kind in (Answer.REFUSED, Answer.KILLED, Answer.FAILED, Answer.DONE)]
    return (sum(numbers), *numbers, "?" if one.told is None else len(one.told))


def _where(found: list[tuple[str, str]]) -> str:
    """Users and kernels in words, such as "ordinary user, root: kernel as it is, no Landlock"."""
    kernels: dict[tuple[str, ...], list[str]] = {}
    for user in dict.fromkeys(user for user, _ in found):
        kernels.setdefault(tuple(kernel for each, kernel in found if each == user), []).append(user)
    return "; ".join(
        f"{', '.join(users)}: {', '.join(KERNELS[kernel] for kernel in each)}"
        for each, users in kernels.items()
    )


def _list(free: dict[str, Trial], locked: dict[tuple[str, str], Trial]) -> list[str]:
    tried = [("no lock", user, one.outcomes["free"]) for user, one in free.items()]
    tried += [
        (role, f"{user}, {KERNELS[kernel]}", one.outcomes[role])
        for role in ROLES
        for (user, kernel), one in locked.items()
    ]
    lines = []
    for deed in deeds():
        lines.append(deed.name_in_full)
        got: dict[tuple[str, str], list[str]] = {}
        for process, where, one in tried:
            code = one.deeds[deed.name_in_full]
            if code != UNTRIED:
                got.setdefault((process, answer(code)), []).append(where)
        lines += [f"    {process}: {kind} ({'; '.join(where)})" for (process, kind), where in got.items()]
    return lines


if __name__ == "__main__":
    sys.exit(main())

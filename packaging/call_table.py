"""The table of system calls in docs/privacy.md: groups and policies, as a reader can check them."""

import errno
from collections.abc import Iterator, Mapping

from homepress.privacy.calls import GROUPS, Group
from homepress.privacy.filters import Policy, client_policy, daemon_policy, tool_policy, worker_policy
from homepress.privacy.seccomp import ALLOW

BEGIN, END = "<!-- begin: system calls, by `make generate` -->", "<!-- end: system calls -->"

_PID = 1

POLICIES: Mapping[str, Policy] = {
    "worker, checker": worker_policy(_PID),
    "helper program": tool_policy(_PID),
    "daemon": daemon_policy(),
    "tray, window, command line": client_policy(),
}


def with_table(page: str) -> str:
    """The page with the table as it is now between its marks.

    Raises:
        ValueError: the page has no such marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the marks of the table are missing")
    return f"{before}{begin}\n\n{_table()}\n\n{end}{after}"


def _table() -> str:
    heads = ["calls", *POLICIES]
    lines = [heads, ["---"] * len(heads), *map(_row, GROUPS)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _row(group: Group) -> list[str]:
    calls = ", ".join(f"`{call}`" for call in group.calls)
    return [
        f"**{group.name}**: {group.purpose}. {calls}",
        *(_cell(group, each) for each in POLICIES.values()),
    ]


def _cell(group: Group, policy: Policy) -> str:
    """What a kind of process may do with a group: yes or no, and the calls with a rule of their own."""
    allowed = group.name in policy.allowed
    special = "; ".join(_special(group, policy))
    if allowed:
        return f"yes; {special}" if special else "yes"
    if special and len(group.calls) == 1:
        return special
    return f"{errno.errorcode[group.error]}; {special}" if special else errno.errorcode[group.error]


def _special(group: Group, policy: Policy) -> Iterator[str]:
    """The calls of a group that have a rule of their own and are allowed in part, with the rule's words."""
    by_words: dict[str, list[str]] = {}
    for call in group.calls:
        rule = policy.calls.get(call)
        if rule and rule.decision.action == ALLOW:
            by_words.setdefault(rule.words, []).append(f"`{call}`")
    return (f"{', '.join(calls)} {words}" for words, calls in by_words.items())

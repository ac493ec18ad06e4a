"""`homepress prove`: nothing can be sent, shown in a few seconds."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import msgspec

from homepress.base.paths import Paths
from homepress.base.results import ProbeAttempt
from homepress.base.units import counted, percent_saved, size
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option
from homepress.ui.text import printable

if TYPE_CHECKING:
    from homepress.daemon.commands.prove import HeldSocket, Party, Proof
    from homepress.desktop.firewall import Firewall

_OPEN = 4


@click.command(
    epilog=example("homepress prove", "homepress prove --json     exit code 4 if anything is open")
)
@json_option
def prove(as_json: bool) -> int:
    """Show that no process of Homepress can reach a network, or what it has no need of.

    Each process tries it itself, next to an ordinary process that is let through. Nothing is sent, read or
    changed.
    """
    from homepress.daemon.commands.prove import prove

    proof = prove(Paths.from_environment())
    if as_json:
        verdict = {
            "holds": proof.holds,
            "nothing_sent": proof.nothing_sent,
            "problems": proof.problems(),
        }
        output.print_json({**msgspec.to_builtins(proof), **verdict})
    else:
        for line in (
            *_comparison(proof),
            *_attempts(proof),
            *_sockets(proof),
            *_sample(proof),
            *_checks(proof),
        ):
            output.say(line)
        for line in _verdict(proof):
            output.say(line)
    return 0 if proof.holds else _OPEN


def _comparison(proof: "Proof") -> Iterator[str]:
    let_through = "is let through" if proof.comparison.connected else "is refused too"
    yield output.strong("1. An ordinary process on this computer, to compare with")
    yield f"   {let_through}: {proof.comparison.answer}"
    yield ""


def _attempts(proof: "Proof") -> Iterator[str]:
    """A line for each way out, a column for each process."""
    yield output.strong("2. Each process of Homepress tries every way out itself")
    columns = [proof.comparison.attempts, *(party.attempts for party in proof.parties)]
    head = ["", "ordinary", *(party.name for party in proof.parties)]
    numbers = ["process", "", *(str(party.pid) for party in proof.parties)]
    ways = dict.fromkeys(attempt.name for attempts in columns for attempt in attempts)
    # An ordinary process may do all of this: there a way that is let through is no alarm.
    answers = [
        {way.name: "open" if way.allowed else "refused" for way in proof.comparison.attempts},
        *({way.name: _verdict_on(way, party) for way in party.attempts} for party in proof.parties),
    ]
    rows = [[way, *(column.get(way, "") for column in answers)] for way in ways]
    yield from (f"   {line}" for line in output.columns([head, numbers, *rows]))
    yield output.faint(
        "   refused: the system answered EACCES, EPERM or ENOSYS; local: reaches this computer"
    )
    yield output.faint("   only; may: its work needs that, as the daemon's work needs your files")
    yield ""


def _verdict_on(attempt: ProbeAttempt, party: "Party") -> str:
    if not attempt.allowed:
        return output.good("refused")
    if not party.is_refused(attempt):
        return output.bad("OPEN")
    return "local" if attempt.local else "may"


def _sockets(proof: "Proof") -> Iterator[str]:
    yield output.strong("3. What the system itself says of each (/proc)")
    head = ["", "filter", "files", "pipes", "sockets", "local ones by name"]
    rows = [_seen(party) for party in proof.parties]
    yield from (f"   {line}" for line in output.columns([head, *rows], right=(2, 3, 4)))
    yield ""


def _seen(party: "Party") -> list[str]:
    """A process's filter, what it has open, and what its sockets are."""
    if party.seen is None or party.seen.sockets is None:
        return [party.name, output.bad("not to be seen"), "", "", "", ""]
    there = party.seen.filtered and party.seen.no_new_privileges
    counts = [str(party.seen.descriptors.get(kind, 0)) for kind in ("file", "pipe", "socket")]
    kinds = Counter(_named(one) for one in party.seen.sockets)
    held = ", ".join(name if count == 1 else f"{name} ({count})" for name, count in kinds.items())
    return [party.name, output.good("on") if there else output.bad("OFF"), *counts, held]


def _named(socket: "HeldSocket") -> str:
    """A local one by the name of its file; where that is, `ss` tells."""
    if socket.local:
        return printable(os.path.basename(socket.name)) or "(connected)"
    return output.bad(f"{socket.family} {printable(socket.name)}")


def _sample(proof: "Proof") -> Iterator[str]:
    if proof.sample is None:
        return
    before, after = proof.sample.before_bytes, proof.sample.after_bytes
    yield output.strong("4. And it works: a sample picture, compressed behind the lock")
    yield f"   {size(before)} became {size(after)} ({percent_saved(before, after)} % smaller)"
    yield ""


def _checks(proof: "Proof") -> Iterator[str]:
    yield output.strong("5. Don't take our word for it")
    for check in proof.checks:
        yield f"   {check.command}"
        yield output.faint(f"      shows {check.shows}")
    yield ""


def _verdict(proof: "Proof") -> Iterator[str]:
    if proof.holds:
        parties = counted(len(proof.parties), "process", "processes")
        yield output.strong(f"Nothing can be sent: all {parties} are closed.")
    elif proof.nothing_sent:
        yield output.strong("Nothing can be sent, but not everything else is closed:")
        yield from (f"   {problem}" for problem in proof.problems())
    else:
        yield output.strong("This proof does not hold:")
        yield from (f"   {problem}" for problem in proof.problems())
    for gap in proof.gaps:
        yield f"{output.worth_knowing('Worth knowing:')} {gap.sentence}"
    yield output.faint(f"It took {proof.seconds:.1f} seconds, and nothing was sent.")


# `homepress attempts`: what a process is let do under the lock that it inherits.


@click.command(hidden=True)
@click.option("--other", default=0, help="An ordinary process, whose memory is tried, too.")
def attempts(other: int) -> None:
    """Try every way out and print what came of it as JSON; nothing is sent.

    Tray and window start it when `homepress prove` asks them.
    """
    from homepress.daemon.commands.connect import try_doors

    output.print_json(try_doors("this process", other))


# `homepress firewall`: for Windows, which refuses a program the network by a rule of its firewall.

_NOT_NEEDED = (
    "only Windows needs a rule: this system refuses Homepress the network without one; see: homepress prove"
)


@click.group(epilog=example("homepress firewall status"))
def firewall() -> None:
    """Close the network by a rule of the Windows firewall, as an administrator."""


@firewall.command("status", epilog=example("homepress firewall status"))
@json_option
def firewall_status(as_json: bool) -> int:
    """Say which programs of Homepress have a rule."""
    from homepress.desktop.firewall import firewall

    if (system := firewall()) is None:
        output.print_json([]) if as_json else output.say(f"No rules: {_NOT_NEEDED}.")
        return 0
    if as_json:
        _print_rules(system)
        return 0
    for rule in system.rules():
        word = output.good("blocked") if rule.there else output.bad("no rule")
        output.say(f"{word}  {printable(str(rule.program))}")
    output.say(output.faint("Rules hold while the Windows firewall is on."))
    return 0


@firewall.command("add", epilog=example("homepress firewall add --python"))
@click.option("--python", "shared", is_flag=True, help="Also where other programs run by the same Python.")
@json_option
def firewall_add(shared: bool, as_json: bool) -> int:
    """Add the rules; in a terminal of an administrator."""
    from homepress.desktop.firewall import FirewallNotUsed, firewall, is_bundle

    if (system := firewall()) is None:
        raise FirewallNotUsed(_NOT_NEEDED)
    if not is_bundle() and not shared:
        programs = ", ".join(printable(str(rule.program)) for rule in system.rules())
        raise FirewallNotUsed(
            f"the rule would close the network to every program that these run, not to Homepress alone: "
            f"{programs}; if you want that: homepress firewall add --python"
        )
    system.add()
    _print_rules(system) if as_json else output.say("Added. See: homepress firewall status")
    return 0


@firewall.command("remove", epilog=example("homepress firewall remove"))
@json_option
def firewall_remove(as_json: bool) -> int:
    """Take the rules out; in a terminal of an administrator."""
    from homepress.desktop.firewall import FirewallNotUsed, firewall

    if (system := firewall()) is None:
        raise FirewallNotUsed(_NOT_NEEDED)
    system.remove()
    _print_rules(system) if as_json else output.say("Removed.")
    return 0


def _print_rules(system: "Firewall") -> None:
    output.print_json(
        [{"program": str(rule.program), "rule": rule.name, "there": rule.there} for rule in system.rules()]
    )

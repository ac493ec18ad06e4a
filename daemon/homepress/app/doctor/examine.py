"""The table of all checks, and how they are run."""

from collections.abc import Iterator, Sequence

from homepress.app.doctor import compressing, data, desktop, folders, program
from homepress.app.doctor.finding import Finding, broken
from homepress.app.doctor.installation import Check, Installation, installation
from homepress.settings import Paths

_CHECKS: tuple[tuple[str, Check], ...] = (
    ("Python", program.python),
    ("window", program.window_toolkit),
    ("network lock", program.network_lock),
    ("worker", compressing.worker),
    ("codecs", compressing.codecs),
    ("gifsicle", compressing.gifsicle),
    ("settings", data.settings),
    ("ledger", data.ledger),
    ("originals", data.originals),
    ("daemon", data.daemon),
    ("folders", folders.folders),
    ("watching", folders.watching),
    ("session bus", desktop.session),
    ("start at login", desktop.start_at_login),
)


def examine(
    paths: Paths, *, old_tray: bool = False, checks: Sequence[tuple[str, Check]] = _CHECKS
) -> Iterator[Finding]:
    """Run every check, each finding as it comes; takes a few seconds.

    Args:
        paths: where everything is; nothing has to be there.
        old_tray: whether there is a tray of the old kind (XEmbed).
        checks: what is looked at, by topic.
    """
    whole = installation(paths, old_tray=old_tray)
    for topic, check in checks:
        yield from _guarded(topic, check, whole)


def _guarded(topic: str, check: Check, whole: Installation) -> Iterator[Finding]:
    try:
        yield from check(whole)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        yield broken(topic, f"{where}{error.strerror or error}", "see who may read and write it: ls -ld")
    except Exception as error:  # noqa: BLE001  a boundary: whatever is wrong here, the other checks are run
        text = f"this could not be looked at: {type(error).__name__}: {error}"
        yield broken(topic, text, "report it with: homepress doctor --report homepress-report.txt")

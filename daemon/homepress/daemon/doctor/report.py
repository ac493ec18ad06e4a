"""All checks one after the other, and a report of them without names of pictures."""

import getpass
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import homepress
from homepress.base import blocking
from homepress.base.paths import Paths
from homepress.daemon.doctor import checks
from homepress.daemon.doctor.checks import PROBLEM
from homepress.daemon.doctor.finding import Check, Finding, Installation, broken, installation
from homepress.settings import HOME_VARIABLE, Settings, SettingsError, load

# -- all checks

_CHECKS: tuple[tuple[str, Check], ...] = (
    ("Python", checks.python),
    ("window", checks.window_toolkit),
    ("network lock", checks.network_lock),
    ("worker", checks.worker),
    ("memory", checks.memory),
    ("codecs", checks.codecs),
    ("gifsicle", checks.gifsicle),
    ("settings", checks.settings),
    ("ledger", checks.ledger),
    ("originals", checks.originals),
    ("daemon", checks.daemon),
    ("folders", checks.folders),
    ("watching", checks.watching),
    ("session bus", checks.session),
    ("start at login", checks.start_at_login),
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


# -- the report
#
# It names no picture. The home folder becomes `~`, configured folders become `<folder 1>` and so on, the
# user's and the computer's name become `<user>` and `<computer>`. It is never sent anywhere.

_SHORTEST_NAME = 3
"""A name of one or two letters is a word of its own in too many places to be replaced."""

_TYPED = re.compile(r"(\bgot |there is no preset )\"[^\"]*\"")
"""What somebody wrote into the settings file, in a complaint about it: it may be the path of a folder that
could not be told from other words, since the file could not be read."""

_INSIDE_A_FOLDER = re.compile(r"(<(?:folder|output) \d+>)[/\\].*?(?=: |$)", re.MULTILINE)


def bundle(paths: Paths, findings: Iterable[Finding]) -> str:
    """The text of the report.

    Args:
        paths: where everything is.
        findings: what the doctor said.
    """
    try:
        settings = load(paths.config_file)
    except SettingsError:
        settings = Settings()
    lines = [*_computer(), "", *map(_line, findings), "", *_settings(settings)]
    return _Redaction(paths, settings).of("\n".join(lines)) + "\n"


def _computer() -> Iterator[str]:
    yield f"Homepress {homepress.__version__}"
    yield f"Python {sys.version.split()[0]} on {platform.platform()}, {os.cpu_count()} processors"
    for name in ("XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE", "LANG"):
        yield f"{name}={os.environ.get(name, '')}"


def _line(finding: Finding) -> str:
    fix = f"\n    fix: {finding.fix}" if finding.fix else ""
    text = "(left out, since it may name a picture)" if finding.topic == PROBLEM else finding.text
    text = _TYPED.sub(r'\1"..."', text)
    return f"[{finding.level}] {finding.topic}: {text}{fix}"


def _settings(settings: Settings) -> Iterator[str]:
    yield f"daemon: {settings.daemon!r}"
    for folder in settings.folders:
        # File name patterns can be private too, and paths are redacted with the rest.
        kept = {
            key: getattr(folder, key) for key in folder.__struct_fields__ if key not in ("include", "exclude")
        }
        yield f"folder: {', '.join(f'{key}={value}' for key, value in kept.items())}"


_ANY_CASE = re.IGNORECASE if os.path.normcase("A") == "a" else re.RegexFlag(0)
"""Windows takes a name in capitals for the same."""


class _Redaction:
    """What is replaced by what."""

    def __init__(self, paths: Paths, settings: Settings) -> None:
        self._words = sorted(_words(paths, settings), key=lambda pair: -len(pair[0]))

    def of(self, text: str) -> str:
        for secret, shown in self._words:
            # Not inside a longer word: "al" is no part of "balanced".
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", shown, text, flags=_ANY_CASE)
        return _INSIDE_A_FOLDER.sub(r"\1/...", text)


def _words(paths: Paths, settings: Settings) -> Iterator[tuple[str, str]]:
    for number, folder in enumerate(settings.folders, 1):
        yield from _spellings(folder.path, f"<folder {number}>")
        if folder.output is not None:
            yield from _spellings(folder.output, f"<output {number}>")
    if os.environ.get(HOME_VARIABLE):
        yield from _spellings(paths.config_file.parent, f"<{HOME_VARIABLE}>")
    yield from _spellings(Path.home(), "~")
    names: Sequence[tuple[str, str]] = ((_user(), "<user>"), (platform.node(), "<computer>"))
    yield from ((name, shown) for name, shown in names if len(name) >= _SHORTEST_NAME)


def _spellings(path: Path, shown: str) -> Iterator[tuple[str, str]]:
    """A path as it is written, and with links followed; errors of the system double its backslashes."""
    for one in {path, blocking.resolved(path)}:
        if one != Path(one.anchor):
            yield from ((spelled, shown) for spelled in {str(one), str(one).replace("\\", "\\\\")})


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""

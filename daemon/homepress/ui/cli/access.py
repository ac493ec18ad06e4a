"""How commands reach Homepress: the daemon, the same service within this process, or the ledger itself.

The program behind the service is imported only when it is needed: `status` has to be quick.
"""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from homepress.base.paths import Paths
from homepress.control.client import NO_DAEMON, connect
from homepress.control.service import Service, ServiceError
from homepress.ui.cli import output
from homepress.ui.text import printable

if TYPE_CHECKING:
    from homepress.store.reader import Reader

_PATIENCE = 10.0
"""Seconds to wait for another command, where no more is said."""

_NOT_RUNNING = "Homepress is not running in the background; start it with: homepress run"


def require_daemon(paths: Paths) -> Service:
    """The daemon.

    Raises:
        ServiceError: none runs (exit code 3).
    """
    if (client := connect(paths.socket)) is None:
        raise ServiceError(_NOT_RUNNING, NO_DAEMON)
    return client


@contextlib.contextmanager
def daemon_or_local(
    paths: Paths,
    *,
    wait: float | None = _PATIENCE,
    writes: bool = True,
    output_folder: str = "",
    by_settings: bool = False,
) -> Iterator[Service]:
    """The daemon, or the service within this process, which then puts on the lock of a daemon.

    Args:
        paths: where everything is.
        wait: seconds to wait for another command that is at work; None for as long as it takes.
        writes: whether anything is changed; what only tries waits for nobody.
        output_folder: the only folder into which files are written, all of them new, if that is all.
        by_settings: whether the settings have a part in it: without a daemon, it is said when they have
            mistakes.

    Raises:
        ServiceError: neither can be had.
    """
    from homepress.daemon.commands.connect import ConnectOptions, connect_or_local

    context = click.get_current_context(silent=True)
    errand = ConnectOptions(
        work=context.command_path if context is not None else "homepress",
        patience=math.inf if wait is None else wait,
        writes=writes,
        output=Path(output_folder) if output_folder else None,
        by_settings=by_settings,
        tell=lambda text: output.remark(printable(text)),
    )
    with connect_or_local(paths, errand) as service:
        yield service


@contextlib.contextmanager
def open_ledger(paths: Paths) -> Iterator["Reader"]:
    """The ledger, read-only; one that is not there yet is empty.

    Raises:
        ServiceError: it cannot be read; the text says what to do.
    """
    from homepress.store.reader import LedgerError, Reader

    try:
        with Reader(paths.ledger) as reader:
            yield reader
    except LedgerError as error:
        raise ServiceError(str(error)) from error

"""Writing a small file so that it is the old or the new one at every instant, even after a power cut."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from homepress.settings.paths import make_folder


def write_text(file: Path, text: str) -> None:
    """Replace a file's text; an existing file keeps its mode, a new one is for the user alone (0600).

    A link stays a link: the file it points to is replaced.

    Raises:
        OSError: it cannot be written; the old file is as it was.
        UnicodeEncodeError: the text cannot be written as UTF-8.
    """
    data = text.encode("utf-8")
    target = Path(os.path.realpath(file))
    make_folder(target.parent)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".settings-", suffix=".tmp")
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            with contextlib.suppress(FileNotFoundError):
                os.chmod(name, stat.S_IMODE(target.stat().st_mode))
            os.fsync(stream.fileno())
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last; Windows cannot open a folder, and does not need it."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""Why storing did not happen. Each text names the file, what is wrong and, where there is one, the cure."""

# ruff: noqa: N818 - named for what they say, as StopIteration is

from pathlib import Path

from homepress.base.system_errors import printable


class StoreError(Exception):
    """Anything that the store itself decides; what the system refuses comes as `OSError`."""


class Refusal(StoreError):
    """The file must be left alone for good: replacing it would lose something, or it is not ours to touch."""


class Busy(StoreError):
    """A program has the file open for writing; worth another try soon."""


class Changed(StoreError):
    """The file is not what was read any more; nothing was replaced, and it is worth reading again."""


class Vanished(StoreError):
    """The file, or its folder, is not there any more."""


class StoreFull(StoreError):
    """Keeping one more original would exceed the limit; replacing has to stop until the user decides."""


class Degraded(StoreError):
    """The file system can neither exchange two files nor link one: only an output folder is safe there."""


class DriveAway(StoreError):
    """The drive or server that holds a folder is away; what is to be written there waits until it is back."""


class OriginalsAway(DriveAway):
    """The folder of originals is away: nothing can be replaced until it is back."""


class CannotUndo(StoreError):
    """This result cannot be undone as things are; nothing was changed."""


class VerifyFailed(StoreError):
    """What was read back from the disk is not what was written; nothing was replaced."""


class UntrustedVault(StoreError):
    """A folder for originals that is not ours alone: a link, another owner, or readable by others."""


class LedgerError(StoreError):
    """The ledger cannot be used: made by a newer version, or damaged beyond what could be mended."""


class NotScrubbed(StoreError):
    """What was forgotten is out of the history, and not yet out of the files: worth another try."""


class Unsupported(Exception):
    """The file system or the operating system does not know an operation; handled, never shown."""


def shown(path: Path | bytes | str) -> str:
    """A path as text that any terminal and any encoding can take; undecodable bytes become `\\xNN`."""
    return printable(path if isinstance(path, bytes) else str(path))

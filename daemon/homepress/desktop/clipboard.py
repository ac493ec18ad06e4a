"""The clipboard: the picture or the files that somebody copied, and putting smaller ones in their place.

Pictures are moved as bytes and never decoded here.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from homepress.base.files import file_uri
from homepress.base.formats import SNIFF_BYTES, sniff
from homepress.base.override import override
from homepress.base.system_errors import UserError
from homepress.desktop.launching import found

MOST_BYTES = 1 << 30
"""More than this is not taken from a clipboard."""

URI_LIST = "text/uri-list"
GNOME_FILES = "x-special/gnome-copied-files"
"""How GNOME's and MATE's file managers have copied files: a verb, then a URI a line."""

PICTURES = ("image/png", "image/webp", "image/jpeg", "image/gif", "image/tiff", "image/bmp")
"""What is asked for, the best first: programs that offer several make the others of pixels, with loss."""

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied, or is to be.

    Attributes:
        files: paths; those of a picture that is also on the clipboard by itself are other ways to paste it.
        picture: the bytes of a file of some image format; empty for none.
    """

    files: tuple[Path, ...] = ()
    picture: bytes = b""


class ClipboardError(UserError):
    """The clipboard cannot be read or written; the text says why and what to do."""


class Clipboard(Protocol):
    """The clipboard of one system. Every method raises `ClipboardError`."""

    def read(self) -> Copied:
        """What was copied; nothing where it is neither files nor a picture."""

    def put(self, copied: Copied) -> None:
        """Have it on the clipboard; returns when other programs can paste it."""


def clipboard() -> Clipboard:
    """That of this system.

    Raises:
        ClipboardError: there is none within reach.
    """
    if sys.platform == "win32":
        from homepress.desktop.windows_clipboard import WindowsClipboard, system_clipboard

        return WindowsClipboard(system_clipboard())
    if sys.platform == "darwin":
        from homepress.desktop.macos import Pasteboard

        return Pasteboard()
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
    if wayland and found("wl-paste") and found("wl-copy"):
        return WlClipboard()
    if x11:
        from homepress.desktop.x11_clipboard import X11Clipboard

        return X11Clipboard(x11)
    if wayland:
        raise ClipboardError("the clipboard of Wayland is reached through wl-copy: install wl-clipboard")
    raise ClipboardError("there is no clipboard: this session has no display")


# -- how Linux's programs write down what was copied: data by MIME type


def offers_of(copied: Copied) -> Mapping[str, bytes]:
    """What other programs can ask for."""
    offers: dict[str, bytes] = {}
    if copied.picture and (kind := sniff(copied.picture[:SNIFF_BYTES])):
        offers[f"image/{kind}"] = copied.picture
    if copied.files:
        uris = [file_uri(path) for path in copied.files]
        offers[URI_LIST] = "".join(f"{uri}\r\n" for uri in uris).encode()
        offers[GNOME_FILES] = "\n".join(["copy", *uris]).encode()
    return offers


def files_of(data: bytes) -> tuple[Path, ...]:
    """The files of this computer in a list of URIs (RFC 2483), or in that of GNOME's file manager."""
    paths = []
    for line in data.replace(b"\0", b"\n").split(b"\n"):
        parts = urlsplit(line.strip().decode("utf-8", "replace"))
        if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
            paths.append(Path(os.fsdecode(unquote_to_bytes(parts.path))))
    return tuple(paths)


def best_of(offered: Sequence[str]) -> str:
    """The type to ask for; empty when it is neither files nor a picture."""
    return next((each for each in (URI_LIST, GNOME_FILES, *PICTURES) if each in offered), "")


def copied_from(kind: str, data: bytes) -> Copied:
    """What a program gave when it was asked for a type."""
    if kind in (URI_LIST, GNOME_FILES):
        return Copied(files=files_of(data))
    return Copied(picture=data)


class WlClipboard(Clipboard):
    """Wayland's, through wl-paste and wl-copy (wl-clipboard), which stay out of the network as we do."""

    @override
    def read(self) -> Copied:
        kind = best_of(_output_of("wl-paste", "--list-types").decode("utf-8", "replace").split())
        return copied_from(kind, _output_of("wl-paste", "--no-newline", "--type", kind)) if kind else Copied()

    @override
    def put(self, copied: Copied) -> None:
        """One type: wl-copy offers no more."""
        kind, data = next(iter(offers_of(copied).items()))
        try:
            subprocess.run(
                ["wl-copy", "--type", kind],
                input=data,
                stdout=subprocess.DEVNULL,  # it stays, to give what it has
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ClipboardError(f"wl-copy did not take it: {error}") from error


def _output_of(*command: str) -> bytes:
    """What a program prints; nothing where it has an error, as with an empty clipboard."""
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            data = process.stdout.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                process.kill()
                raise ClipboardError("what was copied is too large")
            failed = process.wait(_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise ClipboardError(f"{command[0]} did not answer: {error}") from error
    return b"" if failed else data

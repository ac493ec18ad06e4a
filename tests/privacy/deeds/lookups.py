"""A file system that writes down every name it is asked for, as a server of network files could.

It speaks FUSE with the kernel itself (`linux/fuse.h`), knows no file, and runs in a thread of the test.
"""

import contextlib
import ctypes
import errno
import os
import stat
import struct
import threading
from pathlib import Path

_REQUEST = struct.Struct("=IIQQIIIHH")
_ANSWER = struct.Struct("=IiQ")
_LOOKUP, _FORGET, _GETATTR, _STATFS, _INIT, _INTERRUPT, _BATCH_FORGET = 1, 2, 3, 17, 26, 36, 42
_OPENDIR, _READDIR, _RELEASEDIR, _ACCESS = 27, 28, 29, 34
_NO_ANSWER = (_FORGET, _INTERRUPT, _BATCH_FORGET)
_MINOR = 31
_LONGEST = 1 << 18
_MNT_DETACH = 2
_NOSUID_NODEV = 2 | 4

_libc = ctypes.CDLL(None, use_errno=True)


class CannotMountError(Exception):
    """This machine has no FUSE, or lets us mount nothing."""


class Lookups:
    """The mounted file system; use as a context.

    Attributes:
        names: what was asked for so far.
    """

    def __init__(self, mount: Path) -> None:
        self.names: list[str] = []
        self._mount = mount
        try:
            self._device = os.open("/dev/fuse", os.O_RDWR)
        except OSError as error:
            raise CannotMountError(str(error)) from error
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other"
        if _libc.mount(b"lookups", os.fsencode(mount), b"fuse", _NOSUID_NODEV, options.encode()):
            code = ctypes.get_errno()
            os.close(self._device)
            raise CannotMountError(os.strerror(code))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Lookups":
        return self

    def __exit__(self, *_: object) -> None:
        _libc.umount2(os.fsencode(self._mount), _MNT_DETACH)
        self._thread.join(60)
        os.close(self._device)

    def _serve(self) -> None:
        while True:
            try:
                request = os.read(self._device, _LONGEST)
            except InterruptedError:
                continue
            except OSError:
                return  # unmounted
            _, opcode, unique, *_ = _REQUEST.unpack_from(request)
            if opcode in _NO_ANSWER:
                continue
            code, body = self._answer(opcode, request[_REQUEST.size :])
            with contextlib.suppress(OSError):  # who asked was ended meanwhile
                os.write(self._device, _ANSWER.pack(_ANSWER.size + len(body), -code, unique) + body)

    def _answer(self, opcode: int, body: bytes) -> tuple[int, bytes]:
        if opcode == _INIT:
            return 0, struct.pack(
                "=IIIIHHIIHHI7I", 7, _MINOR, 1 << 16, 0, 0, 0, 1 << 16, 1, 0, 0, 0, *[0] * 7
            )
        if opcode == _GETATTR:
            mode = stat.S_IFDIR | 0o777
            attributes = struct.pack("=6Q10I", 1, 0, 0, 0, 0, 0, 0, 0, 0, mode, 2, 0, 0, 0, 4096, 0)
            return 0, struct.pack("=QII", 0, 0, 0) + attributes
        if opcode == _LOOKUP:
            self.names.append(os.fsdecode(body.rstrip(b"\0")))
            return errno.ENOENT, b""
        if opcode == _STATFS:
            return 0, struct.pack("=5Q3I7I", 1, 1, 1, 1, 1, 4096, 255, 4096, *[0] * 7)
        if opcode == _OPENDIR:
            return 0, struct.pack("=QII", 1, 0, 0)
        if opcode in (_READDIR, _RELEASEDIR, _ACCESS):
            return 0, b""
        return errno.EPERM, b""

"""macOS and Windows cannot run here: the calls that they would get, and the protocol over stand-ins."""

import contextlib
import ctypes
import errno
import os
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from homepress.store.fs import system_file_system
from homepress.store.fs.base import Folder, opened_file, opened_folder
from homepress.store.fs.macos import ACL, BIRTH, RENAME_EXCL, RENAME_SWAP, MacFileSystem
from homepress.store.fs.windows import (
    CREATE_NEW,
    FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_WRITE_ATTRIBUTES,
    GENERIC_READ,
    GENERIC_WRITE,
    MOVEFILE_REPLACE_EXISTING,
    MOVEFILE_WRITE_THROUGH,
    OPEN_EXISTING,
    WindowsFileSystem,
)
from homepress.store.model import Busy, Changed, UndoSelection, Unsupported
from homepress.store.read_source import read
from store.kit import Bench, picture, replace, replacement, smaller


class Function:
    """A C function that records its calls."""

    def __init__(self, name: str, calls: list[tuple[Any, ...]], answer: Any) -> None:
        self._name, self._calls, self._answer = name, calls, answer

    def __call__(self, *arguments: Any) -> Any:
        plain = tuple(getattr(a, "value", a) for a in arguments)
        self._calls.append((self._name, *plain))
        return self._answer(*arguments) if callable(self._answer) else self._answer


NO_ATTRIBUTE = 93
"""ENOATTR of <sys/errno.h>, which Linux has not."""


class MacLibrary:
    """A C library of macOS over Linux's files: it renames, keeps attributes in memory, and records all.

    What it does is what the manual pages and headers of XNU say (apple-oss-distributions/xnu):

    - renameatx_np: RENAME_SWAP is 2 and RENAME_EXCL 4 (bsd/sys/stdio.h). Both together make EINVAL, a name
      that is taken EEXIST, and what a file system does not know ENOTSUP (rename(2), ERRORS).
    - xattrs have a position, 0 for all but the resource fork, and options (setxattr(2), DESCRIPTION).
      com.apple.FinderInfo must have 32 bytes (NOTES); what may not be there makes EPERM, what is not there
      ENOATTR, and a buffer that is too small ERANGE (ERRORS of getxattr(2), listxattr(2), removexattr(2)).
    - getattrlist(2): the answer begins with its own length, and the time of creation is a `struct timespec`.
    - acl_get_fd(3): NULL and ENOENT for a file without an access control list.
    - A symbol that macOS has not is missing here too.
    """

    def __init__(self, **answers: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.xattrs: dict[tuple[int, int], dict[bytes, bytes]] = {}
        self.births: dict[tuple[int, int], bytes] = {}
        self._linux = system_file_system()
        self._answers = {
            "acl_free": 0,
            "acl_from_text": 78,
            "acl_get_fd_np": self._no_acl,
            "acl_set_fd_np": 0,
            "acl_to_text": 0,
            "fchflags": 0,
            "fgetattrlist": self._birth,
            "fgetxattr": self._get,
            "flistxattr": self._list,
            "fremovexattr": self._remove,
            "fsetattrlist": self._set_birth,
            "fsetxattr": self._set,
            "fstatfs": -1,
            "fstatfs$INODE64": -1,
            "renameatx_np": self._rename,
        } | answers

    def __getattr__(self, name: str) -> Function:
        if name not in self._answers:
            raise AttributeError(f"dlsym(RTLD_DEFAULT, {name}): symbol not found")
        return Function(name, self.calls, self._answers[name])

    def of(self, fd: int) -> dict[bytes, bytes]:
        """The extended attributes of an open file."""
        return self.xattrs.setdefault(_file(fd), {})

    def _rename(self, fd: int, name: bytes, to: int, new: bytes, flags: Any) -> int:
        try:
            at, there = Folder(Path("."), fd), Folder(Path("."), to)
            if flags.value == RENAME_SWAP:
                assert fd == to, "names of one folder are swapped"
                self._linux.exchange(at, os.fsdecode(name), os.fsdecode(new))
            elif flags.value == RENAME_EXCL:
                self._linux.move(at, os.fsdecode(name), there, os.fsdecode(new))
            else:
                return _failed(errno.EINVAL)
        except OSError as error:
            return _failed(error.errno or 0)
        return 0

    def _no_acl(self, fd: int, kind: int) -> int:
        assert kind == 0x100, "ACL_TYPE_EXTENDED is the only kind"
        ctypes.set_errno(errno.ENOENT)
        return 0

    def _list(self, fd: int, buffer: Any, size: Any, options: int) -> int:
        return _give(b"".join(name + b"\0" for name in self.of(fd)), buffer, size, options)

    def _get(self, fd: int, name: bytes, buffer: Any, size: Any, position: int, options: int) -> int:
        if position or name not in self.of(fd):
            return _failed(errno.EINVAL if position else NO_ATTRIBUTE)
        return _give(self.of(fd)[name], buffer, size, options)

    def _set(self, fd: int, name: bytes, value: bytes, size: Any, position: int, options: int) -> int:
        assert (size.value, position, options) == (len(value), 0, 0)
        if name in (b"com.apple.provenance", b"com.apple.macl"):
            return _failed(errno.EPERM)
        if name == b"com.apple.FinderInfo" and len(value) != 32:
            return _failed(errno.ERANGE)
        self.of(fd)[name] = value
        return 0

    def _remove(self, fd: int, name: bytes, options: int) -> int:
        assert options == 0
        return 0 if self.of(fd).pop(name, None) is not None else _failed(NO_ATTRIBUTE)

    def _birth(self, fd: int, wanted: Any, buffer: Any, size: Any, options: int) -> int:
        self._check_wanted(wanted, options)
        assert size.value == 20
        born = self.births.get(_file(fd), struct.pack("=qq", int(os.fstat(fd).st_ctime), 0))
        buffer[:20] = struct.pack("=I", 20) + born
        return 0

    def _set_birth(self, fd: int, wanted: Any, value: bytes, size: int, options: int) -> int:
        self._check_wanted(wanted, options)
        assert size == len(value) == 16, "no length before it, unlike in the answer"
        self.births[_file(fd)] = value
        return 0

    def _check_wanted(self, wanted: Any, options: int) -> None:
        attributes = wanted._obj
        assert (attributes.bitmapcount, attributes.commonattr, options) == (5, 0x200, 0)
        assert not attributes.volattr | attributes.dirattr | attributes.fileattr | attributes.forkattr


def _file(fd: int) -> tuple[int, int]:
    facts = os.fstat(fd)
    return facts.st_dev, facts.st_ino


def _failed(code: int) -> int:
    ctypes.set_errno(code)
    return -1


def _give(data: bytes, buffer: Any, size: Any, options: int) -> int:
    """As getxattr(2) and listxattr(2): without a buffer, how long it would be."""
    assert options == 0
    if buffer is not None:
        if size.value < len(data):
            return _failed(errno.ERANGE)
        buffer[: len(data)] = data
    return len(data)


class TestMac:
    def test_names_are_swapped_and_moved_by_renameatx_np(self, tmp_path: Path) -> None:
        library = MacLibrary(renameatx_np=0)
        fs = MacFileSystem(library)
        with opened_folder(fs, tmp_path.resolve()) as folder:
            fs.exchange(folder, "temp", "ä.jpg")
            fs.move(folder, "temp", folder, "b.jpg")
            at = folder.fd
        assert library.calls == [
            ("renameatx_np", at, b"temp", at, "ä.jpg".encode(), RENAME_SWAP),
            ("renameatx_np", at, b"temp", at, b"b.jpg", RENAME_EXCL),
        ]
        assert (RENAME_SWAP, RENAME_EXCL) == (2, 4)

    @pytest.mark.parametrize(
        ("code", "expected"),
        [(errno.ENOTSUP, Unsupported), (errno.EINVAL, Unsupported), (errno.EEXIST, FileExistsError)],
    )
    def test_what_a_file_system_does_not_know_is_told_from_what_it_refuses(
        self, tmp_path: Path, code: int, expected: type[Exception]
    ) -> None:
        def fail(*_: Any) -> int:
            ctypes.set_errno(code)
            return -1

        fs = MacFileSystem(MacLibrary(renameatx_np=fail))
        with opened_folder(fs, tmp_path.resolve()) as folder, pytest.raises(expected):
            fs.move(folder, "a", folder, "b")

    def test_acl_and_time_of_creation_are_among_the_attributes(self, tmp_path: Path) -> None:
        text = b"!#acl 1\nuser:FFFF:alice:501:allow:read\n"
        held = ctypes.create_string_buffer(text)

        def birth(fd: int, what: Any, buffer: Any, size: Any, options: int) -> int:
            buffer[: 4 + 16] = struct.pack("<Iqq", 20, 1_600_000_000, 5)
            return 0

        library = MacLibrary(acl_get_fd_np=77, acl_to_text=ctypes.addressof(held), fgetattrlist=birth)
        fs = MacFileSystem(library)
        with (tmp_path / "a.jpg").open("wb") as file:
            fd = file.fileno()
            found = fs.attributes(fd)
            assert found == {ACL: text, BIRTH: struct.pack("<qq", 1_600_000_000, 5)}
            assert ("acl_get_fd_np", fd, 0x100) in library.calls
            assert ("acl_free", 77) in library.calls
            library.calls.clear()
            fs.set_attribute(fd, BIRTH, found[BIRTH])
            fs.set_attribute(fd, ACL, text)
            fs.set_attribute(fd, b"com.apple.FinderInfo", bytes(32))
            fs.remove_attribute(fd, b"com.apple.FinderInfo")
        names = [call[0] for call in library.calls]
        assert names == [
            "fsetattrlist",
            "acl_from_text",
            "acl_set_fd_np",
            "acl_free",
            "fsetxattr",
            "fremovexattr",
        ]
        assert library.calls[4] == ("fsetxattr", fd, b"com.apple.FinderInfo", bytes(32), 32, 0, 0)

    @pytest.mark.parametrize(
        ("code", "lost"),
        [(0, False), (errno.ENOTSUP, False), (errno.ENOTTY, False), (errno.EIO, True), (errno.ENOSPC, True)],
    )
    def test_a_drive_is_flushed_and_what_it_could_not_write_is_not_forgotten(
        self, monkeypatch: pytest.MonkeyPatch, code: int, lost: bool
    ) -> None:
        """F_FULLFSYNC is 51 (bsd/sys/fcntl.h); fsync(2) leaves data in the drive's own memory (fcntl(2))."""
        flushed: list[str] = []

        def full(fd: int, command: int) -> int:
            assert command == 51
            if code:
                raise OSError(code, os.strerror(code))
            flushed.append("drive")
            return 0

        monkeypatch.setattr("homepress.store.fs.macos.fcntl.fcntl", full)
        monkeypatch.setattr(os, "fsync", lambda _: flushed.append("system"))
        with pytest.raises(OSError) if lost else contextlib.nullcontext():
            MacFileSystem(MacLibrary()).sync(3)
        assert flushed == ([] if lost else ["system"] if code else ["drive"])

    def test_what_is_refused_is_an_error_with_its_number(self, tmp_path: Path) -> None:
        fs = MacFileSystem(MacLibrary())
        with (tmp_path / "a.jpg").open("wb") as file:
            with pytest.raises(PermissionError):
                fs.set_attribute(file.fileno(), b"com.apple.provenance", b"x")
            with pytest.raises(OSError) as none:
                fs.remove_attribute(file.fileno(), b"user.none")
        assert none.value.errno == NO_ATTRIBUTE

    @pytest.mark.parametrize("flag", [0x2, 0x4, 0x20000, 0x40000, 0x80000, 0x100000])
    def test_a_file_that_may_not_be_changed_is_locked(
        self, monkeypatch: pytest.MonkeyPatch, flag: int
    ) -> None:
        """UF_IMMUTABLE to SF_NOUNLINK, bsd/sys/stat.h; what is only hidden or compressed is not."""
        for flags, locked in ((flag, True), (0x8000 | 0x20 | 0x10000, False)):
            with monkeypatch.context() as patch:
                patch.setattr(os, "fstat", lambda _, flags=flags: SimpleNamespace(st_flags=flags))
                found = MacFileSystem(MacLibrary()).is_locked(3)
            assert found is locked

    def test_what_the_system_alone_may_set_is_not_carried_along(self, tmp_path: Path) -> None:
        """com.apple.provenance is on most files that a program has saved, and cannot be given to a result."""
        library = MacLibrary()
        with (tmp_path / "a.jpg").open("wb") as file:
            names = ("com.apple.provenance", "user.mine", "com.apple.macl", "com.apple.lastuseddate#PS")
            library.of(file.fileno()).update({name.encode(): b"x" for name in names})
            assert set(MacFileSystem(library).attributes(file.fileno())) == {b"user.mine", BIRTH}

    def test_without_leases_the_whole_protocol_runs(self, bench: Bench) -> None:
        library = MacLibrary()
        path = bench.drop()
        born = struct.pack("=qq", 1_500_000_000, 7)
        mine = {b"com.apple.FinderInfo": b"tags".ljust(32, b"\0"), b"com.apple.provenance": b"by the system"}
        with path.open("rb") as file:
            library.of(file.fileno()).update(mine)
            library.births[_file(file.fileno())] = born
        with bench.store(MacFileSystem(library)) as store:
            replace(store, path)
            assert (path.read_bytes(), bench.kept(), bench.temps()) == (smaller(picture()), [picture()], [])
            with path.open("rb") as file:
                assert library.of(file.fileno()) == {b"com.apple.FinderInfo": mine[b"com.apple.FinderInfo"]}
                assert library.births[_file(file.fileno())] == born
            assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]
        assert path.read_bytes() == picture()
        with path.open("rb") as file:
            assert library.of(file.fileno()) == mine and library.births[_file(file.fileno())] == born
        assert [call[5] for call in library.calls if call[0] == "renameatx_np"] == [2, 4, 2]


class WindowsApi:
    """The calls of Windows, done on Linux as Windows does them, and recorded."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._access: dict[int, int] = {}

    def open(self, path: str, access: int, disposition: int, flags: int) -> int:
        self.calls.append(("open", Path(path).name, access, disposition, flags))
        if access & GENERIC_WRITE and os.path.lexists(path) and self._is_open(path):
            raise in_use()  # all that opens here shares reading and deleting, and no writing
        if disposition == CREATE_NEW:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        else:
            fd = os.open(path, os.O_RDONLY)
        self._access[fd] = access
        return fd

    def check_access(self, fd: int, needed: int) -> None:
        """FlushFileBuffers wants GENERIC_WRITE of a handle, SetFileTime FILE_WRITE_ATTRIBUTES."""
        if fd in self._access and not self._access[fd] & needed:
            raise PermissionError(errno.EACCES, "the handle is for reading")

    def move(self, path: str, new: str, flags: int) -> None:
        self.calls.append(("move", Path(path).name, Path(new).name, flags))
        if not flags & MOVEFILE_REPLACE_EXISTING and os.path.lexists(new):
            raise FileExistsError(errno.EEXIST, "it is there", new)
        os.rename(path, new)

    def replace(self, replaced: str, replacement: str, backup: str) -> None:
        self.calls.append(("replace", *(Path(p).name for p in (replaced, replacement, backup))))
        if self._is_open(replacement):
            raise in_use()  # it opens this one without sharing it
        os.rename(replaced, backup)
        os.rename(replacement, replaced)

    def _is_open(self, path: str) -> bool:
        facts = os.stat(path)
        for fd in self._access:
            with contextlib.suppress(OSError):  # closed since
                if os.path.samestat(os.fstat(fd), facts):
                    return True
        return False

    def set_times(self, fd: int, access: int, write: int) -> None:
        self.calls.append(("times", access, write))
        self.check_access(fd, FILE_WRITE_ATTRIBUTES)
        seen, changed = ((t - 116_444_736_000_000_000) * 100 for t in (access, write))
        os.utime(fd, ns=(seen, changed))

    def set_attributes(self, fd: int, attributes: int) -> None:
        self.calls.append(("attributes", attributes))
        self.check_access(fd, FILE_WRITE_ATTRIBUTES)

    def close_to_others(self, folder: Path) -> None:
        self.calls.append(("closed", folder))


class WindowsFiles(WindowsFileSystem):
    """Flushes what Windows flushes."""

    def __init__(self, api: WindowsApi) -> None:
        super().__init__(api)
        self._checked = api

    def sync(self, fd: int) -> None:
        self._checked.check_access(fd, GENERIC_WRITE)
        super().sync(fd)


def in_use(code: int = 32) -> PermissionError:
    """What Windows says of a file that another program has open."""
    error = PermissionError(errno.EACCES, "used by another process")
    error.winerror = code  # type: ignore[attr-defined]  # only there on Windows
    return error


class TestWindows:
    def test_the_whole_protocol_runs_over_its_calls(self, bench: Bench) -> None:
        api = WindowsApi()
        path = bench.drop(mode=0o644)
        with bench.store(WindowsFiles(api)) as store:
            source = store.read(path)
            store.replace(source, replacement(smaller(picture())))
            assert (path.read_bytes(), bench.kept(), bench.temps()) == (smaller(picture()), [picture()], [])
            (swap,) = [call for call in api.calls if call[0] == "replace"]
            temp, old = swap[2], swap[3]
            assert swap == ("replace", "a.jpg", temp, old)
            assert (temp[-4:], old[-4:], temp[:-4]) == (".tmp", ".old", old[:-4])
            after = api.calls[api.calls.index(swap) + 1]
            assert after == ("move", old, temp, MOVEFILE_WRITE_THROUGH)
            assert [u.outcome for u in store.undo(UndoSelection(last=1), roots=bench.roots)] == ["restored"]
        assert path.read_bytes() == picture()
        assert ("closed", bench.originals) in api.calls

    def test_a_cut_between_the_two_halves_of_the_swap_is_mended(self, bench: Bench) -> None:
        class Cut(WindowsApi):
            def move(self, path: str, new: str, flags: int) -> None:
                if path.endswith(".old"):
                    raise SystemExit("the power is gone")
                super().move(path, new, flags)

        path = bench.drop(mode=0o644)
        with pytest.raises(SystemExit), bench.store(WindowsFileSystem(Cut())) as store:
            replace(store, path)
        with bench.store(WindowsFileSystem(WindowsApi())) as store:
            store.recover()
        assert (path.read_bytes(), bench.kept(), bench.temps()) == (smaller(picture()), [picture()], [])

    def test_files_are_opened_so_that_nobody_writes_and_no_link_is_followed(self, bench: Bench) -> None:
        api = WindowsApi()
        fs = WindowsFileSystem(api)
        bench.drop()
        with opened_folder(fs, bench.watched) as folder:
            with opened_file(fs, folder, "a.jpg"):
                pass
            fs.close(fs.create_file(folder, "b.tmp"))
            fs.overwrite(folder, "b.tmp", folder, "b.jpg")
        assert api.calls == [
            ("open", "a.jpg", GENERIC_READ, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT),
            ("open", "b.tmp", GENERIC_READ | GENERIC_WRITE | FILE_WRITE_ATTRIBUTES, CREATE_NEW, 0),
            ("move", "b.tmp", "b.jpg", MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH),
        ]

    @pytest.fixture
    def hurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("homepress.store.fs.windows.PATIENCE", (0.0, 0.0))

    def test_a_file_that_lets_go_soon_is_waited_for(self, bench: Bench, hurried: None) -> None:
        class Scanned(WindowsApi):
            """A virus scanner looks at each file first."""

            def replace(self, replaced: str, replacement: str, backup: str) -> None:
                if ("seen",) not in self.calls:
                    self.calls.append(("seen",))
                    raise in_use()
                super().replace(replaced, replacement, backup)

        path = bench.drop(mode=0o644)
        with bench.store(WindowsFiles(Scanned())) as store:
            replace(store, path)
        assert (path.read_bytes(), bench.kept()) == (smaller(picture()), [picture()])

    @pytest.mark.parametrize("code", [32, 33, 1175, 1176])
    def test_a_file_that_is_not_let_go_is_busy_and_stays(
        self, bench: Bench, hurried: None, code: int
    ) -> None:
        class Viewed(WindowsApi):
            def replace(self, replaced: str, replacement: str, backup: str) -> None:
                raise in_use(code)

        path = bench.drop(mode=0o644)
        with bench.store(WindowsFiles(Viewed())) as store, pytest.raises(Busy, match=r"a\.jpg"):
            replace(store, path)
        assert (path.read_bytes(), bench.temps()) == (picture(), [])

    def test_a_half_replaced_file_gets_its_name_back(self, bench: Bench, hurried: None) -> None:
        class Half(WindowsApi):
            """ERROR_UNABLE_TO_MOVE_REPLACEMENT_2."""

            def replace(self, replaced: str, replacement: str, backup: str) -> None:
                os.rename(replaced, backup)
                raise in_use(1177)

        path = bench.drop(mode=0o644)
        with bench.store(WindowsFiles(Half())) as store, pytest.raises(Busy):
            replace(store, path)
        assert path.read_bytes() in (picture(), smaller(picture())) and bench.temps() == []

    def test_an_original_that_is_open_here_gets_its_name_back(self, bench: Bench, hurried: None) -> None:
        """Nothing can be moved into the vault; ReplaceFileW takes no file that anybody has open."""

        class FullVault(WindowsFiles):
            def move(self, folder: Folder, name: str, to: Folder, new: str) -> None:
                if folder.path != to.path:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(to.path))
                super().move(folder, name, to, new)

        path = bench.drop(mode=0o644)
        with bench.store(FullVault(WindowsApi())) as store:
            with pytest.raises(OSError, match="No space"):
                replace(store, path)
            assert (path.read_bytes(), bench.kept(), bench.temps()) == (picture(), [], [])
            assert store.recover() == []

    def test_a_result_that_changes_while_it_is_undone_gets_its_name_back(
        self, bench: Bench, hurried: None
    ) -> None:
        class Writing(WindowsApi):
            """Somebody writes to the result at the very instant in which it leaves its name."""

            armed = False

            def replace(self, replaced: str, replacement: str, backup: str) -> None:
                if self.armed:
                    self.armed = False
                    Path(replaced).write_bytes(b"edited")
                super().replace(replaced, replacement, backup)

        api, path = Writing(), bench.drop(mode=0o644)
        with bench.store(WindowsFiles(api)) as store:
            replace(store, path)
            api.armed = True
            (undone,) = store.undo(UndoSelection(last=1), roots=bench.roots)
            assert undone.outcome == "failed", undone
            assert (path.read_bytes(), bench.kept(), bench.temps()) == (b"edited", [picture()], [])

    def test_a_picture_that_changes_while_it_is_replaced_gets_its_name_back(
        self, bench: Bench, hurried: None
    ) -> None:
        class Writing(WindowsApi):
            def replace(self, replaced: str, replacement: str, backup: str) -> None:
                Path(replaced).write_bytes(b"edited")
                super().replace(replaced, replacement, backup)

        path = bench.drop(mode=0o644)
        with bench.store(WindowsFiles(Writing())) as store, pytest.raises(Changed):
            replace(store, path)
        assert (path.read_bytes(), bench.kept(), bench.temps()) == (b"edited", [], [])

    def test_a_save_after_the_exchange_keeps_the_name_all_the_time(self, bench: Bench, hurried: None) -> None:
        """It never leaves the name, not even to be looked at: another program may have it open by then."""

        moved: list[bytes] = []

        class Saving(WindowsApi):
            def replace(self, replaced: str, replacement: str, backup: str) -> None:
                Path(replaced).write_bytes(b"edited")
                super().replace(replaced, replacement, backup)
                Path(replaced).unlink()
                Path(replaced).write_bytes(b"saved anew")

            def move(self, path: str, new: str, flags: int) -> None:
                moved.append(Path(path).read_bytes() if Path(path).is_file() else b"")
                super().move(path, new, flags)

        api, path = Saving(), bench.drop(mode=0o644)
        with bench.store(WindowsFiles(api)) as store, pytest.raises(Changed):
            replace(store, path)
        assert path.read_bytes() == b"saved anew"
        assert b"saved anew" not in moved
        others = [file.read_bytes() for file in path.parent.iterdir() if file != path]
        assert b"edited" in others, "what was written before is beside it"

    def test_a_folder_that_cannot_be_closed_to_others_keeps_no_original(self, bench: Bench) -> None:
        class Open(WindowsApi):
            def close_to_others(self, folder: Path) -> None:
                raise PermissionError(errno.EACCES, "Access is denied", str(folder))

        for _ in range(2):  # and what was made the first time is not taken for a private one
            with pytest.raises(PermissionError), bench.store(WindowsFiles(Open())):
                pass
            assert not bench.originals.exists()

    def test_a_sharing_violation_is_a_busy_file(self, bench: Bench, hurried: None) -> None:
        class Shared(WindowsApi):
            def open(self, path: str, access: int, disposition: int, flags: int) -> int:
                raise in_use()

        path = bench.drop()
        with bench.store():
            pass
        fs = WindowsFileSystem(Shared())
        with pytest.raises(Busy, match=r"a\.jpg"):
            read(fs, path)

    def test_times_are_counted_from_1601(self, tmp_path: Path) -> None:
        api = WindowsApi()
        with (tmp_path / "a").open("wb") as file:
            WindowsFileSystem(api).set_times(file.fileno(), 0, 1_700_000_000_123_456_700)
        assert api.calls == [("times", 116_444_736_000_000_000, 133_444_736_001_234_567)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.EPERM, Unsupported),
        (errno.EOPNOTSUPP, Unsupported),
        (errno.EMLINK, Unsupported),
        (errno.EIO, OSError),
    ],
)
def test_a_file_system_without_hard_links_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, expected: type[Exception]
) -> None:
    """FAT says EPERM."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", fail)
    with opened_folder(system_file_system(), tmp_path.resolve()) as folder, pytest.raises(expected):
        system_file_system().link(folder, "a", folder, "b")

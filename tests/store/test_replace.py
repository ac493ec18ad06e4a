"""Replacing in place: content, attributes, what is kept, and what is refused."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from homepress.base.system_errors import Scope, explain
from homepress.store import health
from homepress.store.fs.base import FileSystem
from homepress.store.model import (
    Busy,
    Changed,
    Degraded,
    OriginalsLimit,
    Refusal,
    Role,
    StoreFull,
    UndoSelection,
    Vanished,
    VerifyFailed,
)
from store.kit import (
    INODES,
    Bench,
    Lacking,
    MadeUpInodes,
    Probe,
    digest,
    facts,
    picture,
    replace,
    replacement,
    smaller,
    without_exchange,
    without_lease,
)
from support import THIS_MACHINE_CANNOT

WAYS = {
    "exchange": lambda: None,
    "link": without_exchange,
    "no lease": without_lease,
    "no rename flags": lambda: Lacking("exchange", "move").fs(),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> FileSystem | None:
    """One kind of file system."""
    return WAYS[request.param]()


def test_the_result_takes_the_name_and_the_original_is_kept(bench: Bench, way: FileSystem | None) -> None:
    path = bench.drop()
    before = facts(path)
    with bench.store(way) as store:
        source = store.read(path)
        receipt = store.replace(source, replacement(smaller(source.data)))
        assert path.read_bytes() == smaller(picture())
        assert facts(path) == before
        assert bench.kept() == [picture()]
        assert bench.temps() == []
        assert (receipt.path, receipt.before_bytes, receipt.after_bytes) == (path, 30_000, 15_005)
        assert store.why_left_alone(digest(smaller(picture())), "balanced") is Role.RESULT
        stat = path.stat()
        assert store.known(os.fsencode(path.parent)) == {b"a.jpg": (15_005, stat.st_mtime_ns, stat.st_ino)}
        assert store.recover() == []


def test_the_original_that_is_kept_is_the_very_file(bench: Bench, way: FileSystem | None) -> None:
    """So that a program that still has it open writes to what is kept, not into nothing."""
    path = bench.drop()
    inode = path.stat().st_ino
    with bench.store(way) as store:
        replace(store, path)
    (stored,) = (p for p in bench.originals.iterdir() if len(p.name) == 81)
    assert stored.stat().st_ino == inode


@pytest.mark.parametrize("lacking", [(), ("exchange", "move")], ids=["exchange", "link"])
@pytest.mark.parametrize("inodes", INODES)
@pytest.mark.posix
def test_where_inode_numbers_are_made_up_content_decides(
    bench: Bench, inodes: str, lacking: tuple[str, ...]
) -> None:
    path, other = bench.drop(), bench.drop("b.heic", picture(1))
    with bench.store(MadeUpInodes(inodes, Lacking(*lacking).fs()).fs()) as store:
        replace(store, path)
        store.replace(store.read(other), replacement(smaller(picture(1)), suffix=".jpg"))
        assert sorted(p.name for p in bench.watched.iterdir()) == ["a.jpg", "b.jpg"]
        assert (path.read_bytes(), sorted(bench.kept())) == (
            smaller(picture()),
            sorted([picture(), picture(1)]),
        )
        assert {u.outcome for u in store.undo(UndoSelection(last=2), roots=bench.roots)} == {"restored"}
        assert (path.read_bytes(), other.read_bytes()) == (picture(), picture(1))
        assert (bench.kept(), store.recover()) == ([], [])
    assert sorted(p.name for p in bench.watched.iterdir()) == ["a.jpg", "b.heic"]


@pytest.mark.parametrize("lacking", [(), ("exchange",)], ids=["exchange", "link"])
@pytest.mark.posix
def test_where_inode_numbers_are_made_up_a_newer_save_still_keeps_the_name(
    bench: Bench, lacking: tuple[str, ...]
) -> None:
    path = bench.drop()
    step = "move" if lacking else "exchange"
    saver = Probe(
        before=lambda number, name: _save_over(path) if number == 1 else None,
        steps=frozenset({step}),
        fs=MadeUpInodes("always the same", Lacking(*lacking).fs()).fs(),
    )
    with bench.store(saver.fs()) as store, pytest.raises(Changed):
        replace(store, path)
    assert (path.read_bytes(), bench.temps(), bench.kept()) == (b"the user's new picture", [], [])


@pytest.mark.posix
def test_access_and_change_times_are_kept_to_the_nanosecond(bench: Bench) -> None:
    path = bench.drop()
    before = path.stat()
    with bench.store() as store:
        replace(store, path)
    after = path.stat()
    assert (after.st_atime_ns, after.st_mtime_ns) == (before.st_atime_ns, before.st_mtime_ns)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o777])
@pytest.mark.posix
def test_the_mode_is_kept(bench: Bench, mode: int) -> None:
    path = bench.drop(mode=mode)
    with bench.store() as store:
        replace(store, path)
    assert path.stat().st_mode & 0o7777 == mode


@pytest.mark.posix
def test_acls_are_kept_and_a_default_acl_of_the_folder_does_not_add_to_them(bench: Bench) -> None:
    plain = bench.drop("plain.jpg")
    path = bench.drop("acl.jpg")
    for command in (["-m", "u:12:rw,g:34:r", str(path)], ["-d", "-m", "u:56:rwx", str(bench.watched)]):
        if subprocess.run(["setfacl", *command], capture_output=True).returncode:
            pytest.skip(f"{THIS_MACHINE_CANNOT} keep ACLs in its temporary folder")
    before = facts(path), facts(plain)
    assert b"acl" in str(before[0]).encode()
    with bench.store() as store:
        replace(store, path)
        replace(store, plain)
    assert (facts(path), facts(plain)) == before


@pytest.mark.root
def test_capabilities_owner_and_group_are_kept_by_root(bench: Bench) -> None:
    path = bench.drop()
    os.chown(path, 12, 34)
    subprocess.run(["setcap", "cap_net_raw+ep", path], check=True)
    os.chmod(path, 0o644)
    before = facts(path)
    assert "security.capability" in str(before)
    with bench.store() as store:
        replace(store, path)
    assert facts(path) == before


@pytest.mark.posix
def test_many_large_attributes_are_kept(bench: Bench) -> None:
    path = bench.drop()
    for number in range(20):
        os.setxattr(path, f"user.attribute-{number}", os.urandom(50))
    os.setxattr(path, "user.empty", b"")
    before = facts(path)
    with bench.store() as store:
        replace(store, path)
    assert facts(path) == before


@pytest.mark.parametrize("call", ["set_attribute", "set_owner", "set_mode"])
@pytest.mark.posix
def test_what_cannot_be_kept_leaves_the_file_alone_and_says_what(bench: Bench, call: str) -> None:
    path = bench.drop(mode=0o600)
    before = facts(path)

    def refuse(number: int, name: str) -> None:
        raise PermissionError(1, "Operation not permitted", "x")

    probe = Probe(before=refuse, steps=frozenset({call}))
    if call == "set_owner":
        if os.geteuid() != 0:
            pytest.skip("only root can have files of others")
        os.chown(path, 12, 34)
        before = facts(path)
    with bench.store(probe.fs()) as store, pytest.raises(Refusal, match=r"a\.jpg.*cannot be kept"):
        replace(store, path)
    assert (path.read_bytes(), facts(path), bench.temps(), bench.kept()) == (picture(), before, [], [])


@pytest.mark.posix
def test_a_signature_over_the_content_is_refused(bench: Bench) -> None:
    class Signed(Probe):
        def attributes(self, fd: int) -> dict[bytes, bytes]:
            found = dict(self._fs.attributes(fd))
            return found | ({b"security.ima": b"sig"} if b"user.tag" in found else {})

    path = bench.drop()
    with bench.store(Signed().fs()) as store, pytest.raises(Refusal, match=r"signed.*security\.ima"):
        replace(store, path)
    assert path.read_bytes() == picture()


def test_a_file_system_that_can_neither_exchange_nor_link_is_left_alone(bench: Bench) -> None:
    path = bench.drop()
    with bench.store(Lacking("exchange", "link").fs()) as store, pytest.raises(Degraded, match="output"):
        replace(store, path)
    assert (path.read_bytes(), bench.temps(), bench.kept()) == (picture(), [], [])


def test_a_disk_that_gives_back_something_else_is_noticed(bench: Bench) -> None:
    path = bench.drop()
    rotten = replacement(smaller(picture()), sha256=digest(b"what the worker verified"))
    with bench.store() as store:
        with pytest.raises(VerifyFailed, match="reads back differently"):
            store.replace(store.read(path), rotten)
        assert store.recover() == []
    assert (path.read_bytes(), bench.temps(), bench.kept()) == (picture(), [], [])


def test_at_the_limit_nothing_is_replaced_and_the_message_says_what_to_do(bench: Bench) -> None:
    one, two = bench.drop("1.jpg", picture(1)), bench.drop("2.jpg", picture(2))
    with bench.store(limit=OriginalsLimit(max_bytes=50_000)) as store:
        replace(store, one)
        with pytest.raises(StoreFull, match=r"originals accept.*originals_max.*output"):
            replace(store, two)
        with pytest.raises(StoreFull):
            store.check_room(store.read(two), bench.watched)
        assert two.read_bytes() == picture(2)
        assert bench.kept() == [picture(1)]
        store.set_limit(OriginalsLimit(max_bytes=70_000))
        store.check_room(store.read(two), bench.watched)
        replace(store, two)


def test_a_full_disk_is_named_by_the_folder_that_people_know(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Originals and ledger are on it: the ledger's file says nothing to anybody."""
    full = [bench.originals]
    monkeypatch.setattr(health, "_free_bytes", lambda folder: 0 if folder in full else 1 << 40)
    path = bench.drop()
    with bench.store() as store:
        monkeypatch.setattr(store._ledger, "check_writable", lambda: pytest.fail("asked first"))
        source = store.read(path)
        with pytest.raises(OSError, match="No space") as caught:
            store.check_room(source, bench.watched)
        assert caught.value.filename == str(bench.originals)
        assert explain(caught.value).scope is Scope.ORIGINALS
        full.append(bench.watched)
        with pytest.raises(OSError, match="No space") as caught:
            store.check_room(source, bench.watched)
        assert caught.value.filename == str(bench.watched)


def test_the_limit_counts_the_share_of_the_disk_too(bench: Bench) -> None:
    path = bench.drop()
    with (
        bench.store(limit=OriginalsLimit(disk_fraction=1e-12)) as store,
        pytest.raises(StoreFull, match="its disk"),
    ):
        replace(store, path)


# Between reading and replacing


def _save_over(path: Path) -> None:
    other = path.with_name("saved")
    other.write_bytes(b"the user's new picture")
    os.replace(other, path)


def _write_in_place(path: Path) -> None:
    path.write_bytes(b"the user's new picture")


def _same_size_same_time(path: Path) -> None:
    stat = path.stat()
    with path.open("r+b") as file:
        file.write(b"new")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _chmod(path: Path) -> None:
    path.chmod(0o600)


def _tag(path: Path) -> None:
    os.setxattr(path, "user.rating", b"5")


def _link(path: Path) -> None:
    os.link(path, path.with_name("second"))


CHANGES_MADE = [
    _save_over,
    _write_in_place,
    _same_size_same_time,
    *(pytest.param(change, marks=pytest.mark.posix) for change in (_chmod, _tag, _link)),
]


@pytest.mark.parametrize("change", CHANGES_MADE)
def test_any_change_since_reading_stops_the_replacement(bench: Bench, change: Callable[[Path], None]) -> None:
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
        change(path)
        content, attributes = path.read_bytes(), facts(path)
        with pytest.raises(Changed):
            store.replace(source, replacement(smaller(source.data)))
    assert (path.read_bytes(), facts(path), bench.temps(), bench.kept()) == (content, attributes, [], [])


def test_a_change_that_no_time_shows_is_told_by_the_content(bench: Bench) -> None:
    """A file system with coarse times, or one that forgets them."""
    path = bench.drop()
    inode = path.stat().st_ino

    class Coarse(Probe):
        def __init__(self) -> None:
            super().__init__()
            self.remembered: dict[int, os.stat_result] = {}

        def stat(self, fd: int) -> os.stat_result:
            facts = os.fstat(fd)
            if facts.st_ino != inode:
                return facts
            return self.remembered.setdefault(facts.st_ino, facts)

        def stat_name(self, folder, name: str) -> os.stat_result:
            facts = self._fs.stat_name(folder, name)
            return self.remembered.get(facts.st_ino, facts)

    with bench.store(Coarse().fs()) as store:
        source = store.read(path)
        _same_size_same_time(path)
        with pytest.raises(Changed, match="content changed"):
            store.replace(source, replacement(smaller(source.data)))
    assert path.read_bytes()[:3] == b"new"
    assert bench.kept() == []


def test_with_a_writer_waiting_the_name_is_not_even_touched(bench: Bench) -> None:
    path = bench.drop()

    class Broken(Probe):
        def lease_whole(self, fd: int) -> bool:
            return not armed

    armed = False
    probe = Broken()
    with bench.store(probe.fs()) as store:
        source = store.read(path)
        armed = True
        with pytest.raises(Busy, match="about to write"):
            store.replace(source, replacement(smaller(source.data)))
    assert "exchange" not in probe.names
    assert path.read_bytes() == picture()


def test_a_source_that_went_away(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        source = store.read(path)
        path.rename(bench.watched / "elsewhere.jpg")
        with pytest.raises(Vanished):
            store.replace(source, replacement(smaller(source.data)))


@pytest.mark.posix
def test_a_folder_that_became_a_link_is_not_followed(bench: Bench) -> None:
    folder = bench.watched / "trip"
    folder.mkdir()
    path = bench.drop("trip/a.jpg")
    with bench.store() as store:
        source = store.read(path)
        folder.rename(bench.base / "moved")
        folder.symlink_to(bench.base / "moved")
        with pytest.raises(Refusal, match="symbolic link"):
            store.replace(source, replacement(smaller(source.data)))
    assert (bench.base / "moved" / "a.jpg").read_bytes() == picture()


@pytest.mark.posix
def test_a_writer_who_waits_stops_the_replacement_and_gets_the_file(bench: Bench) -> None:
    path = bench.drop()
    fd = None

    def open_for_writing(number: int, name: str) -> None:
        nonlocal fd
        if name == "commit" and fd is None:
            fd = os.open(path, os.O_RDWR)

    probe = Probe(steps=frozenset())
    probe._after = open_for_writing
    with bench.store(probe.fs()) as store:
        source = store.read(path)
        probe.steps = frozenset({"commit"})
        with pytest.raises(Busy):
            store.replace(source, replacement(smaller(source.data)))
        assert fd is not None
        os.write(fd, b"edit")
        os.close(fd)
    assert path.read_bytes()[:4] == b"edit"
    assert (bench.temps(), bench.kept()) == ([], [])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["exchange", "link", "overwrite"])
@pytest.mark.parametrize("change", [_save_over, _write_in_place])
@pytest.mark.posix
def test_a_user_who_saves_around_the_exchange_loses_nothing(
    bench: Bench, change: Callable[[Path], None], step: str, when: str
) -> None:
    """The instant itself: right before and right after each of the steps that touch the name."""
    path = bench.drop()
    done = []

    def save(number: int, name: str) -> None:
        if not done and name == step and path.exists() and armed:
            done.append(name)
            change(path)

    armed = False
    fs = Lacking("exchange").fs() if step != "exchange" else None
    base = without_lease() if fs is None else fs

    class Calm(Probe):
        def take_lease(self, fd: int) -> bool:
            return False  # a lease would make the saving in this same thread wait for ever

    probe = Calm(steps=frozenset({step}), fs=base, **{when: save})
    with bench.store(probe.fs()) as store:
        source = store.read(path)
        armed = True
        with contextlib.suppress(Changed):
            store.replace(source, replacement(smaller(source.data)))
        armed = False
        store.recover()
    mine = b"the user's new picture"
    found = [p.read_bytes() for p in bench.watched.iterdir()]
    if done:
        assert mine in found + bench.kept(), "the edit is lost"
        if change is _save_over and (step, when) != ("overwrite", "before"):
            assert path.read_bytes() == mine, "the edit is not under its name"
    assert bench.temps() == []


def test_a_writer_is_let_through(bench: Bench) -> None:
    path = bench.drop(data=picture(size=5_000_000))
    waited: list[float] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            start = time.monotonic()
            fd = os.open(path, os.O_WRONLY)
            waited.append(time.monotonic() - start)
            os.close(fd)
            time.sleep(0.002)

    writer = threading.Thread(target=write)
    with bench.store() as store:
        writer.start()
        for _ in range(20):
            try:
                source = store.read(path)
                store.replace(source, replacement(smaller(source.data)))
            except (Busy, Changed):
                continue
        stop.set()
        writer.join()
    assert max(waited) < 20, "the kernel would make it wait for 45 (lease-break-time)"


def test_two_pictures_at_once_from_two_threads(bench: Bench) -> None:
    paths = [bench.drop(f"{n}.jpg", picture(n)) for n in range(24)]
    errors: list[BaseException] = []

    def work(mine: list[Path]) -> None:
        try:
            for path in mine:
                replace(store, path)
        except BaseException as error:  # noqa: BLE001 - told by the test
            errors.append(error)

    with bench.store() as store:
        threads = [threading.Thread(target=work, args=(paths[n::4],)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert store.counters(0).compressed_since == 24
    assert sorted(bench.kept()) == sorted(picture(n) for n in range(24))
    assert [p.read_bytes() for p in paths] == [smaller(picture(n)) for n in range(24)]


@pytest.mark.parametrize("step", ["exchange", "link", "create_file"])
@pytest.mark.posix
def test_a_picture_that_goes_away_in_the_last_instant_is_not_an_error_of_the_disk(
    bench: Bench, step: str
) -> None:
    path = bench.drop()
    armed = False

    def remove(number: int, name: str) -> None:
        nonlocal armed
        if armed:
            armed = False
            path.unlink()

    base = Lacking("exchange").fs() if step == "link" else None
    with bench.store(Probe(before=remove, steps=frozenset({step}), fs=base).fs()) as store:
        source = store.read(path)
        armed = True
        with pytest.raises((Changed, Vanished)):
            store.replace(source, replacement(smaller(source.data)))
        assert store.recover() == []
    assert bench.temps() == []
    assert [p for p in bench.watched.iterdir() if p.suffix == ".jpg"] == []

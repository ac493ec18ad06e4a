"""The bounded memory of files that the sink was told of."""

from homepress.base.files import FileId
from homepress.watch.pending import SeenFiles


def file_id(size: int = 1, ctime: int = 0) -> FileId:
    return FileId(size, 0, ctime, 1, 1)


def test_a_file_counts_as_told_until_anything_about_it_changes() -> None:
    told = SeenFiles(when_full=True)
    told.add(b"/a", file_id())
    assert told.holds(b"/a", file_id())
    assert not told.holds(b"/b", file_id())
    assert not told.holds(b"/a", file_id(size=2))
    assert not told.holds(b"/a", file_id(ctime=5))


def test_it_stays_small_and_falls_silent_when_it_is_full() -> None:
    told = SeenFiles(most=10, when_full=True)
    for number in range(100):
        told.add(b"/%d" % number, file_id())
    assert len(told._hashes) == 10
    assert told.holds(b"/new", file_id())


def test_it_may_also_forget_when_it_is_full() -> None:
    told = SeenFiles(most=2, when_full=False)
    for number in range(3):
        told.add(b"/%d" % number, file_id())
    assert told.holds(b"/1", file_id())
    assert not told.holds(b"/2", file_id())
    told.clear()
    assert not told.holds(b"/1", file_id())

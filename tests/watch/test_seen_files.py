"""The bounded memory of files that the sink was told of."""

from homepress.watch import Signature
from homepress.watch.pending import Told


def signature(size: int = 1, ctime: int = 0) -> Signature:
    return Signature(size, 0, ctime, 1, 1)


def test_a_file_counts_as_told_until_anything_about_it_changes() -> None:
    told = Told(when_full=True)
    told.add(b"/a", signature())
    assert told.holds(b"/a", signature())
    assert not told.holds(b"/b", signature())
    assert not told.holds(b"/a", signature(size=2))
    assert not told.holds(b"/a", signature(ctime=5))


def test_it_stays_small_and_falls_silent_when_it_is_full() -> None:
    told = Told(most=10, when_full=True)
    for number in range(100):
        told.add(b"/%d" % number, signature())
    assert len(told._hashes) == 10
    assert told.holds(b"/new", signature())


def test_it_may_also_forget_when_it_is_full() -> None:
    told = Told(most=2, when_full=False)
    for number in range(3):
        told.add(b"/%d" % number, signature())
    assert told.holds(b"/1", signature())
    assert not told.holds(b"/2", signature())
    told.clear()
    assert not told.holds(b"/1", signature())

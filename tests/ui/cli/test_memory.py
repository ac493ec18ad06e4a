"""Pictures that are in no file, as the command line takes them in."""

import io

import pytest

from homepress.control.service import ServiceError
from homepress.daemon.commands import in_memory
from homepress.ui.cli.commands.memory import _read


def test_no_more_is_read_than_a_picture_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_memory, "MOST_BYTES", 10)
    assert _read(io.BytesIO(bytes(10))) == bytes(10)
    endless = io.BytesIO(bytes(1000))
    with pytest.raises(ServiceError, match="more than 10 B"):
        _read(endless)
    assert endless.tell() == 11

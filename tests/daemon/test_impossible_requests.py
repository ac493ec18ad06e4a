"""Requests with values that cannot be: refused with words and exit code 2, never as a fault of ours."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homepress.base.paths import Paths
from homepress.control.server import answers
from homepress.daemon.core import Core
from homepress.daemon.offline import InProcessService

HUGE = 2**63
ANY_PATH = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["", "x", "../x", "/a\0b", "/\ud800", "/" + "n" * 300, "/n" * 3000, "~", "/", "/a/../b"]),
    st.characters(categories=["Cs"]).map(lambda character: f"/{character}"),
).map(lambda path: absent(path))
ABSENT = "/nowhere/at/all.jpg"


def absent(path: str) -> str:
    """The path, unless something is there: nothing of this computer may be looked through or compressed."""
    try:
        there = os.path.lexists(os.path.expanduser(path)) or Path(path).resolve().exists()
    except (OSError, ValueError):
        return path
    return ABSENT if there and path else path


ANY_NUMBER = st.one_of(st.integers(), st.sampled_from([-1, 0, HUGE - 1, HUGE, -HUGE - 1, 10**400]))
ANY_TIME = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([-1.0, 1e300, -1e300, 0.0])
)
MAYBE_TIME = st.one_of(st.none(), ANY_TIME)
PATHS = st.lists(ANY_PATH, max_size=3)

UNDO = st.fixed_dictionaries(
    {},
    optional={
        "paths": PATHS,
        "ids": st.lists(ANY_NUMBER, max_size=2),
        "last": ANY_NUMBER,
        "since": MAYBE_TIME,
        "folder": ANY_PATH,
        "to": ANY_PATH,
    },
)
ORIGINALS = st.fixed_dictionaries(
    {"paths": PATHS}, optional={"ids": st.lists(ANY_NUMBER, max_size=2), "older_than_days": MAYBE_TIME}
)
COMPRESS = st.fixed_dictionaries(
    {"paths": PATHS},
    optional={
        "output": ANY_PATH,
        "quality": st.text(max_size=5),
        "metadata": st.text(max_size=5),
        "convert": st.text(max_size=5),
        "fit_under": st.text(max_size=8),
        "max_edge": ANY_NUMBER,
        "dry_run": st.just(True),
    },
)
FOLDER = st.fixed_dictionaries(
    {"path": ANY_PATH},
    optional={"output": ANY_PATH, "quality": st.text(max_size=5), "originals_keep_days": ANY_NUMBER},
)
CALLS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda limit: {"method": "recent", "limit": limit}, ANY_NUMBER),
    st.builds(lambda request: {"method": "undo", "request": request}, UNDO),
    st.builds(lambda request: {"method": "verify_originals", "request": request}, ORIGINALS),
    st.builds(lambda request: {"method": "accept_originals", "request": request}, ORIGINALS),
    st.builds(lambda request: {"method": "compress", "request": request}, COMPRESS),
    st.builds(lambda request: {"method": "add_folder", "request": request}, FOLDER),
    st.builds(lambda path: {"method": "remove_folder", "path": path}, ANY_PATH),
    st.builds(lambda path: {"method": "change_folder", "path": path, "values": {"quality": None}}, ANY_PATH),
    st.builds(lambda path: {"method": "enable_folder", "path": path, "enabled": False}, ANY_PATH),
    st.builds(
        lambda path, sample: {"method": "check_folder", "path": path, "sample": sample},
        ANY_PATH,
        ANY_NUMBER,
    ),
    st.builds(lambda path, at: {"method": "forget", "path": path, "before": at}, ANY_PATH, MAYBE_TIME),
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessService]:
    base = tmp_path_factory.mktemp("home")
    old = os.environ.get("HOMEPRESS_HOME")
    os.environ["HOMEPRESS_HOME"] = str(base / "home")
    paths = Paths.from_environment()
    paths.ensure()
    core = Core.open(paths, lambda: None)
    yield InProcessService(core)
    core.close()
    if old is None:
        del os.environ["HOMEPRESS_HOME"]
    else:
        os.environ["HOMEPRESS_HOME"] = old


def asked(service: InProcessService, call: dict[str, Any]) -> list[dict[str, Any]]:
    """What the socket answers to one call."""
    return [json.loads(frame) for frame in answers(service, json.dumps(call).encode())]  # type: ignore[arg-type]


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=CALLS)
def test_no_request_is_answered_with_a_fault_of_the_program(
    service: InProcessService, call: dict[str, Any]
) -> None:
    for answer in asked(service, call):
        assert "Internal error" not in json.dumps(answer), (call, answer)
        assert "error in Homepress" not in json.dumps(answer), (call, answer)


IMPOSSIBLE: list[Any] = [
    ({"method": "recent", "limit": HUGE}, "limit: 9223372036854775808 is not a whole number"),
    ({"method": "undo", "request": {"ids": [HUGE]}}, "ids: "),
    ({"method": "undo", "request": {"last": 10**400}}, "a number of about 400 digits"),
    ({"method": "undo", "request": {"since": 1e300}}, "since: "),
    ({"method": "undo", "request": {"last": 1, "to": "elsewhere"}}, "to: give the whole path, from the top"),
    ({"method": "undo", "request": {"last": 1, "to": "/a/../b"}}, "to: give the path without '..'"),
    ({"method": "check_folder", "path": "/nowhere", "sample": -1}, "sample: -1 is not a whole number"),
    ({"method": "forget", "path": "", "before": -1e300}, "before: "),
    ({"method": "compress", "request": {"paths": [""]}}, "paths: an empty path names nothing"),
    ({"method": "remove_folder", "path": "/a\0b"}, "path: a path cannot contain a NUL character: /a\\0b"),
    pytest.param(
        {"method": "compress", "request": {"paths": ["/\ud800.jpg"]}},
        "paths: no file can have this name",
        marks=pytest.mark.posix("names that cannot be half of a character"),
    ),
    ({"method": "compress", "request": {"paths": ["/" + "n" * 5000]}}, "longer than 4,096 bytes"),
    ({"method": "compress", "request": {"paths": ["/" + "n" * 300]}}, "longer than 255 bytes"),
    ({"method": "compress", "request": {"paths": ["a.jpg"]}}, "paths: give the whole path"),
    (
        {"method": "compress", "request": {"paths": ["/a.jpg"], "output": "../x"}},
        "output: give the whole path",
    ),
    ({"method": "compress", "request": {"paths": ["/a.jpg"], "output": "/x/../y"}}, "without '..'"),
    ({"method": "compress", "request": {"paths": ["/a.jpg"], "max_edge": HUGE}}, "max_edge: "),
    pytest.param(
        {"method": "add_folder", "request": {"path": "/\udfff\ud800"}},
        "path: no file can have this name",
        marks=pytest.mark.posix("names that cannot be half of a character"),
    ),
    ({"method": "verify_originals", "request": {"older_than_days": 1e300}}, "older_than_days: "),
]


@pytest.mark.parametrize(("call", "text"), IMPOSSIBLE, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_refused_as_wrong_use(
    service: InProcessService, call: dict[str, Any], text: str
) -> None:
    (answer,) = asked(service, call)
    assert (answer["answer"], answer.get("exit_code")) == ("failure", 2), answer
    assert text in answer["text"]
    assert len(answer["text"]) < 250
    answer["text"].encode()  # whatever was asked, the words can be printed


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own on Windows")
def test_results_do_not_go_where_a_link_leads(service: InProcessService, tmp_path: Path) -> None:
    real = tmp_path.resolve() / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    request = {"paths": [str(tmp_path / "a.jpg")], "output": str(tmp_path / "link")}
    (answer,) = asked(service, {"method": "compress", "request": request})
    assert answer["exit_code"] == 2
    assert f"give the real path: {real}" in answer["text"]

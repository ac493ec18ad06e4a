"""The list of calls, and messages as bytes."""

import inspect
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.control import messages, wire
from homepress.control.messages import ANY_CALL, METHODS
from homepress.control.service import CompressRequest, Service


def test_every_method_of_the_service_has_its_call_and_no_other() -> None:
    methods = {
        name for name, _ in inspect.getmembers(Service, inspect.isfunction) if not name.startswith("_")
    }
    assert {call.__struct_config__.tag for call in METHODS} == methods


def test_calls_and_answers_have_the_types_that_the_service_declares() -> None:
    for call, method in METHODS.items():
        declared = inspect.signature(getattr(Service, str(call.__struct_config__.tag)))
        fields = [field.type for field in msgspec.structs.fields(call)]
        assert fields == [p.annotation for p in list(declared.parameters.values())[1:]]
        answer = declared.return_annotation
        assert method.answer == (answer.__args__[0] if method.streams else answer)
        assert method.streams == str(answer).startswith("collections.abc.Iterator")


paths = st.text(st.characters(codec="utf-8") | st.sampled_from("\udc80\udcff"), max_size=20)


@given(st.lists(paths, max_size=5))
def test_any_path_passes_also_one_that_is_not_utf8(names: list[str]) -> None:
    call = messages.Compress(CompressRequest(paths=names))
    frame = wire.encode(call)
    assert frame.isascii()
    assert wire.decode(frame, ANY_CALL) == call


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
names = st.sampled_from([str(call.__struct_config__.tag) for call in METHODS]) | st.text(max_size=8)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_call_is_refused_and_nothing_else_happens(frame: bytes) -> None:
    with pytest.raises(wire.BadMessageError):
        wire.decode(frame, ANY_CALL)


@given(
    names, st.dictionaries(st.sampled_from(["request", "path", "until", "timeout", "sample"]), json_values)
)
def test_a_call_with_any_arguments_is_either_typed_or_refused(name: str, arguments: dict[str, Any]) -> None:
    try:
        call = wire.decode(json.dumps({"method": name, **arguments}).encode(), ANY_CALL)
    except wire.BadMessageError:
        return
    assert type(call) in METHODS
    assert wire.decode(wire.encode(call), ANY_CALL) == call


@pytest.mark.parametrize(
    "text",
    [
        '{"method": "pause", "until": NaN}',
        '{"method": "pause", "until": -Infinity}',
        '{"method": "pause", "until": 1e999}',
        '{"method": "__class__"}',
        '{"method": "forget", "path": 3}',
        '{"method": ["ping"]}',
        "[" * 500_000,
        "9" * 500_000,
        '"' + "\\udc80" * 10,
    ],
    ids=lambda text: text[:40],
)
def test_hostile_json_is_refused(text: str) -> None:
    with pytest.raises(wire.BadMessageError):
        wire.decode(text.encode(), ANY_CALL)

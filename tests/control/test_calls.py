"""Calls derived from the service, and messages as bytes."""

import inspect
import json
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.fake_service import FakeService
from homepress.control import Service, ServiceError, wire
from homepress.control.service import CompressRequest, FolderRequest, quick
from homepress.control.wire import METHODS, ServiceCall, decode_call, methods_of


def test_every_method_of_the_service_can_be_called_and_nothing_else() -> None:
    methods = {
        name for name, _ in inspect.getmembers(Service, inspect.isfunction) if not name.startswith("_")
    }
    assert {str(method.message.__struct_config__.tag) for method in METHODS.values()} == methods
    assert set(METHODS) == methods


def test_calls_and_answers_have_the_types_that_the_service_declares() -> None:
    for name, method in METHODS.items():
        declared = inspect.signature(getattr(Service, name))
        fields = [field.type for field in msgspec.structs.fields(method.message)]
        assert fields == [p.annotation for p in list(declared.parameters.values())[1:]]
        answer = declared.return_annotation
        assert method.answer == (answer.__args__[0] if method.streams else answer or type(None))
        assert method.streams == str(answer).startswith("collections.abc.Iterator")


def test_what_a_daemon_answers_at_once_has_a_time_limit_and_no_other() -> None:
    within = {name for name, method in METHODS.items() if method.quick}
    assert within == {"ping", "status", "wait", "pause", "resume", "power_saver", "stop", "recent"}


@pytest.mark.parametrize(
    ("arguments", "frame"),
    [
        (("ping",), b'{"method":"ping"}'),
        (("wait", 7, 2.5), b'{"method":"wait","revision":7,"timeout":2.5}'),
        (("pause",), b'{"method":"pause","until":null}'),
        (("recent", 3), b'{"method":"recent","limit":3}'),
        (
            ("change_folder", "/p", {"quality": "small", "drop": None}),
            b'{"method":"change_folder","path":"/p","values":{"quality":"small","drop":null}}',
        ),
        (("enable_folder", "/p", True), b'{"method":"enable_folder","path":"/p","enabled":true}'),
        (("named_folder", "/p"), b'{"method":"named_folder","path":"/p"}'),
        (
            ("check_folder", "/p", 9),
            b'{"method":"check_folder","path":"/p","sample":9,"wanted":null,"changes":null}',
        ),
        (("forget", "/\udcff"), b'{"method":"forget","path":"/\\udcff","before":null}'),
    ],
    ids=str,
)
def test_a_call_is_the_message_that_programs_of_this_version_send(
    arguments: tuple[Any, ...], frame: bytes
) -> None:
    """Byte for byte: another form of it wants another version of the conversation."""
    name, *values = arguments
    call = METHODS[name].call(*values)
    assert wire.encode(call) == frame
    assert decode_call(frame) == (METHODS[name], call)


def test_fields_that_an_older_program_left_out_have_their_defaults() -> None:
    assert decode_call(b'{"method":"pause"}')[1] == METHODS["pause"].call(None)
    assert decode_call(b'{"method":"forget","path":"/p"}')[1] == METHODS["forget"].call("/p", None)


class Extended(Protocol):
    """A service with a new request: its method is all that is written."""

    def plain(self, number: int, name: str = "x") -> list[str]: ...
    @quick
    def stream(self, request: FolderRequest | None = None) -> Iterator[CompressRequest]: ...


def test_a_new_request_needs_its_method_alone() -> None:
    methods = methods_of(Extended)
    plain, stream = methods["plain"], methods["stream"]
    assert (plain.answer, plain.streams, plain.quick) == (list[str], False, False)
    assert (stream.answer, stream.streams, stream.quick) == (CompressRequest, True, True)
    method, call = decode_call(wire.encode(plain.call(3)), methods)

    class Answering:
        def plain(self, number: int, name: str = "") -> list[str]:
            return [name] * number

    assert method.perform(Answering(), call) == ["x", "x", "x"]
    request = FolderRequest(path="/p")
    assert decode_call(wire.encode(stream.call(request)), methods)[1].request == request  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("pause", ("now",), r"pause: Expected `float \| null`, got `str` - at `\$.until`"),
        ("recent", (1.5,), r"recent: Expected `int`, got `float` - at `\$.limit`"),
        ("recent", (), "recent: Missing required argument 'limit'"),
        ("recent", (1, 2), "recent: Extra positional arguments"),
        ("remove_folder", (b"/p",), "remove_folder: "),
        ("compress", (FolderRequest(path="/p"),), "compress: .*missing required field `paths`"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(
    client: Service, service: FakeService, name: str, arguments: tuple[Any, ...], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        getattr(client, name)(*arguments)
    assert service.asked == []


def test_the_daemon_refuses_them_in_words_too(service: FakeService) -> None:
    from homepress.control.server import answers

    (frame,) = answers(service, b'{"method":"pause","until":"now"}')
    failure = json.loads(frame)
    assert (failure["answer"], failure["exit_code"]) == ("failure", 2)
    assert "Expected `float | null`, got `str` - at `$.until`" in failure["text"]
    assert not service.paused


def test_an_answer_of_another_type_is_refused(client: Service, service: FakeService) -> None:
    service.pictures = ["not a picture"]  # type: ignore[list-item]
    with pytest.raises(ServiceError, match="Expected `object`, got `str`"):
        client.recent(1)


def test_a_client_has_the_methods_of_the_service_alone(client: Service) -> None:
    assert not hasattr(client, "house")


paths = st.text(st.characters(codec="utf-8") | st.sampled_from("\udc80\udcff"), max_size=20)


@given(st.lists(paths, max_size=5))
def test_any_path_passes_also_one_that_is_not_utf8(names: list[str]) -> None:
    call = METHODS["compress"].call(CompressRequest(paths=names))
    frame = wire.encode(call)
    assert frame.isascii()
    assert decode_call(frame) == (METHODS["compress"], call)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
names = st.sampled_from(list(METHODS)) | st.text(max_size=8)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_call_is_refused_and_nothing_else_happens(frame: bytes) -> None:
    with pytest.raises(wire.BadMessageError):
        decode_call(frame)


@given(
    names, st.dictionaries(st.sampled_from(["request", "path", "until", "timeout", "sample"]), json_values)
)
def test_a_call_with_any_arguments_is_either_typed_or_refused(name: str, arguments: dict[str, Any]) -> None:
    try:
        method, call = decode_call(json.dumps({"method": name, **arguments}).encode())
    except wire.BadMessageError:
        return
    assert isinstance(call, ServiceCall)
    assert decode_call(wire.encode(call)) == (method, call)


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
        decode_call(text.encode())

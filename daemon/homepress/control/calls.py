"""The calls on the control socket, derived from `Service`: what is not in it cannot be asked.

A call is a JSON object: the name of the method under "method", and each of its parameters by name. Both sides
check the types: the client before it sends, the daemon before it does anything. The type of a method's calls
is made of its signature when it is first called.
"""

import functools
import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec

from homepress.control import wire
from homepress.control.service import Service, is_quick

_LONGEST_NAME = 60
"""Characters of an unknown method that are said back."""


class ServiceCall(msgspec.Struct, frozen=True, tag_field="method"):
    """One request with its arguments, which are the fields of a subclass."""


class Method:
    """How one method of a service is asked over the socket.

    Attributes:
        name: of the method.
        quick: whether a daemon in good health answers at once; see `service.quick`.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.name = function.__name__
        self.quick = is_quick(function)

    @functools.cached_property
    def message(self) -> type[ServiceCall]:
        """The type of its calls: a field a parameter."""
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
        for parameter in [*inspect.signature(self._function).parameters.values()][1:]:
            field = (parameter.name, self._hints[parameter.name])
            fields.append(field if parameter.default is parameter.empty else (*field, parameter.default))
        made = msgspec.defstruct(
            self.name, fields, bases=(ServiceCall,), module=__name__, frozen=True, tag=self.name
        )
        return cast("type[ServiceCall]", made)

    @functools.cached_property
    def streams(self) -> bool:
        """Whether the answer is a stream of items."""
        return typing.get_origin(self._hints["return"]) is Iterator

    @functools.cached_property
    def answer(self) -> Any:
        """The type of its result, or of each item."""
        declared = self._hints["return"]
        return typing.get_args(declared)[0] if self.streams else declared

    @functools.cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self._function)

    def call(self, *arguments: object, **named: object) -> ServiceCall:
        """The call with these arguments.

        Raises:
            TypeError: they are not those of the method; the text says which.
        """
        try:
            call = self.message(*arguments, **named)
            # Bytes stay bytes, and are refused: as text they would be a path of another name.
            msgspec.convert(msgspec.to_builtins(call, builtin_types=(bytes,)), self.message)
        except (TypeError, msgspec.ValidationError) as error:
            raise TypeError(f"{self.name}: {error}") from error
        return call

    def perform(self, service: object, call: ServiceCall) -> Any:
        """Have a service carry out a call; gives the result, or an iterator of items."""
        return getattr(service, self.name)(*msgspec.structs.astuple(call))


def methods_of(protocol: type) -> dict[str, Method]:
    """The public methods that a protocol declares, by name."""
    return {
        name: Method(function)
        for name, function in vars(protocol).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }


METHODS = methods_of(Service)
"""All that can be asked, by name."""


def decode(frame: bytes, methods: dict[str, Method] = METHODS) -> tuple[Method, ServiceCall]:
    """The call in `frame`, and its method.

    Raises:
        BadMessageError: it is no call of one of the methods, or its arguments are of another type.
    """
    plain = wire.parse(frame)
    name = plain.get("method") if isinstance(plain, dict) else None
    method = methods.get(name) if isinstance(name, str) else None
    if method is None:
        raise wire.BadMessageError(f"there is no request {str(name)[:_LONGEST_NAME]!r}")
    return method, wire.convert(plain, method.message)

"""The plain values that pass over a connection. Bodies are tuples as their D-Bus signature has them.

A variant is a pair of signature and value, `("s", "text")`, as jeepney has it.
"""

from dataclasses import dataclass, field
from typing import Any


class BusError(Exception):
    """There is no bus, or whoever was called answered with an error.

    Attributes:
        name: the D-Bus name of the error, such as "org.freedesktop.DBus.Error.ServiceUnknown"; empty when
            the connection itself failed.
    """

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name


@dataclass(frozen=True, slots=True)
class Address:
    """Whom to call: an interface of an object of a program on the bus."""

    bus_name: str
    path: str
    interface: str


@dataclass(frozen=True, slots=True)
class Call:
    """A method of ours that somebody called."""

    path: str
    interface: str
    member: str
    body: tuple[Any, ...] = ()
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a called method gives back."""

    signature: str = ""
    body: tuple[Any, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that was told to all: by a program (its unique name), about an object of its own."""

    path: str
    interface: str
    member: str
    body: tuple[Any, ...] = ()
    sender: str = ""

"""What every D-Bus object has: properties that can be read, and a description of itself."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from homepress.desktop.dbus import BusError, Call, Reply

Properties: TypeAlias = dict[str, tuple[str, Any]]
"""Name to variant: signature and value."""

_PROPERTIES = "org.freedesktop.DBus.Properties"
_READ_ONLY = "org.freedesktop.DBus.Error.PropertyReadOnly"
_UNKNOWN = "org.freedesktop.DBus.Error.UnknownProperty"


def answer_properties(call: Call, interface: str, properties: Properties) -> Reply | None:
    """The answer to a call of org.freedesktop.DBus.Properties; None when it is another call.

    Raises:
        BusError: there is no such property, or it cannot be written.
    """
    if call.interface != _PROPERTIES:
        return None
    if call.member == "GetAll":
        return Reply("a{sv}", (properties if call.body[0] in (interface, "") else {},))
    if call.member == "Set":
        raise BusError(f"{call.body[1]} cannot be set", _READ_ONLY)
    if call.member == "Get" and call.body[0] in (interface, "") and call.body[1] in properties:
        return Reply("v", (properties[call.body[1]],))
    raise BusError(f"{interface} has no property {call.body[1:]}", _UNKNOWN)


def introspection(
    interface: str,
    methods: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
    signals: Mapping[str, tuple[str, ...]],
    properties: Properties,
) -> Reply:
    """The object's description (D-Bus specification, "Introspection Data Format").

    Args:
        interface: its name.
        methods: signatures that go in and out, by name.
        signals: signatures, by name.
        properties: as they are.
    """
    lines = [f'<node><interface name="{interface}">']
    for name, (taken, given) in methods.items():
        arguments = "".join(f'<arg type="{kind}" direction="in"/>' for kind in taken)
        arguments += "".join(f'<arg type="{kind}" direction="out"/>' for kind in given)
        lines.append(f'<method name="{name}">{arguments}</method>')
    for name, kinds in signals.items():
        arguments = "".join(f'<arg type="{kind}"/>' for kind in kinds)
        lines.append(f'<signal name="{name}">{arguments}</signal>')
    for name, (kind, _) in properties.items():
        lines.append(f'<property name="{name}" type="{kind}" access="read"/>')
    lines.append("</interface></node>")
    return Reply("s", ("\n".join(lines),))


def lasting(text: str) -> str:
    """Text as D-Bus takes it: valid UTF-8 without NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")

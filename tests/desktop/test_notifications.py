"""Notices over the bus, with a service that notes what it gets."""

from collections.abc import Callable

import pytest

from desktop.buses import FakeProgram
from homepress.desktop.dbus import Call, Connection, Reply, Signal
from homepress.desktop.notifications import (
    BusNotifier,
    Button,
    Notice,
    NoticeImage,
    NoticeSlot,
    Unshown,
)
from support import wait_for

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"


class Service(FakeProgram):
    """A notification service with these abilities; its notices are numbered 1, 2, 3 and keep replaced ids."""

    def __init__(self, bus: str, abilities: list[str]) -> None:
        self._next = 0
        answers: dict[str, Callable[[Call], Reply]] = {
            "GetCapabilities": lambda _: Reply("as", (abilities,)),
            "Notify": self._notify,
        }
        super().__init__(bus, NAME, PATH, answers)

    def _notify(self, call: Call) -> Reply:
        self._next += 1
        return Reply("u", (call.body[1] or self._next,))

    def press(self, number: int, key: str) -> None:
        self.connection.emit(Signal(PATH, NAME, "ActionInvoked", (number, key)), "us")

    def close(self, number: int) -> None:
        self.connection.emit(Signal(PATH, NAME, "NotificationClosed", (number, 2)), "uu")


def notice(title: str = "12 pictures", slot: NoticeSlot = NoticeSlot.RESULT) -> Notice:
    return Notice(slot, title, "a & b <i>.jpg", (Button("Undo", "undo!"),), clicked="open!")


def test_a_notice_has_buttons_only_where_the_service_has(bus: str, connection: Connection) -> None:
    service = Service(bus, ["body"])
    BusNotifier(connection, print).show(notice())
    (call,) = service.heard("Notify")
    name, replaces, _, title, body, actions, hints, timeout = call.body
    assert (name, replaces, title, actions, timeout) == ("Homepress", 0, "12 pictures", [], -1)
    assert body == "a & b <i>.jpg"
    assert hints["transient"] == ("b", True)


def test_a_pressed_button_is_told_once_and_a_name_is_never_markup(bus: str, connection: Connection) -> None:
    service = Service(bus, ["body", "body-markup", "actions"])
    pressed: list[object] = []
    notifier = BusNotifier(connection, pressed.append)
    notifier.show(notice())
    body, actions = service.heard("Notify")[0].body[4:6]
    assert body == "a &amp; b &lt;i&gt;.jpg"
    assert actions == ["default", "Open", "button-0", "Undo"]
    service.press(7, "button-0")  # of another program's notice
    service.press(1, "button-0")
    service.press(1, "button-0")
    service.press(1, "default")
    wait_for(lambda: "open!" in pressed)
    assert pressed == ["undo!", "open!"]


def test_notices_of_a_slot_replace_each_other_and_never_those_of_the_other(
    bus: str, connection: Connection
) -> None:
    service = Service(bus, ["body", "actions"])
    notifier = BusNotifier(connection, print)
    for title, slot in (
        ("one", NoticeSlot.RESULT),
        ("bad", NoticeSlot.PROBLEM),
        ("two", NoticeSlot.RESULT),
    ):
        notifier.show(notice(title, slot))
    assert [call.body[1] for call in service.heard("Notify")] == [0, 0, 1]
    service.close(1)
    wait_for(lambda: not notifier._closed.empty())
    notifier.show(notice("three"))
    assert service.heard("Notify")[-1].body[1] == 0


def test_the_picture_goes_along_as_the_specification_has_it(bus: str, connection: Connection) -> None:
    service = Service(bus, ["body"])
    BusNotifier(connection, print).show(
        Notice(NoticeSlot.RESULT, "x", picture=NoticeImage(2, bytes(range(16))))
    )
    kind, image = service.heard("Notify")[0].body[6]["image-data"]
    assert kind == "(iiibiiay)"
    assert image[:6] == (2, 2, 8, True, 8, 4)
    assert bytes(image[6]) == bytes(range(16))


def test_no_service_is_a_state_of_affairs_in_words(connection: Connection) -> None:
    with pytest.raises(Unshown, match="no notices on this desktop"):
        BusNotifier(connection, print).show(notice())

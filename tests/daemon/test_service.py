"""The daemon's service while its settings change under it: the last one to ask is obeyed."""

import os
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from homepress.base.paths import Paths
from homepress.base.results import FileOutcome
from homepress.control.service import FolderRequest, ServiceError
from homepress.daemon.core import Core, StartGate
from homepress.daemon.folders import Configuration
from homepress.daemon.health import MOST_IN_A_ROW, FolderHealth
from homepress.daemon.pipeline.job import Job, JobResult
from homepress.daemon.pipeline.queue import FairQueue
from homepress.daemon.places import Away
from homepress.daemon.service import DaemonService
from homepress.settings import edit, load
from homepress.watch import PendingFile, WatchedFolder, Watcher
from support import wait_for

DECISION = 600.0
"""Seconds: so long may a picture wait until somebody does something about what stands against it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    return made


@pytest.fixture
def service(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DaemonService]:
    monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "home"))
    paths = Paths.from_environment()
    paths.ensure()
    edit.add_folder(paths.config_file, str(folder), {})
    begun = DaemonService(paths, stop=lambda: None)
    core = Core.open(paths, begun.changed)
    begun.begin(core)
    yield begun
    begun.end()
    core.close()


def watched(service: DaemonService) -> list[str]:
    return [folder.path for folder in service.status().folders if folder.state in ("watching", "scanning")]


@pytest.mark.slow
def test_a_folder_added_while_another_change_is_taken_up_is_watched(
    service: DaemonService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request and the watch of the settings file come upon the same change at the same time."""
    letting_go, go_on = threading.Event(), threading.Event()
    reconfigure = Watcher.reconfigure

    def slowly(self: Watcher, folders: Sequence[WatchedFolder]) -> None:
        if not folders:
            letting_go.set()
            go_on.wait(60)
        reconfigure(self, folders)

    monkeypatch.setattr(Watcher, "reconfigure", slowly)
    removing = threading.Thread(target=service.remove_folder, args=[str(folder)])
    removing.start()
    assert letting_go.wait(60)
    request = FolderRequest(path=str(folder))
    adding = threading.Thread(target=service.add_folder, args=[request])
    adding.start()
    wait_for(lambda: load(service.core.paths.config_file).folders, what="the new line in the file")
    adding.join(1.0)  # it has to wait for the first change; if it does not, it is over by now
    go_on.set()
    removing.join(60)
    adding.join(60)
    wait_for(lambda: watched(service) == [str(folder)], what="the folder to be watched")
    wait_for(lambda: _scanned(service), what="its first scan")


def _scanned(service: DaemonService) -> bool:
    (state,) = service._watch.states()
    return state.scanned


def _whole_folder_waits(folder: Path) -> JobResult:
    return JobResult(
        str(folder / "a.jpg"),
        "waiting",
        "no room",
        retry_after=DECISION,
        problem="no room",
        whole_folder=True,
    )


def test_trouble_met_under_the_settings_of_before_is_no_trouble_any_more(
    service: DaemonService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture was on its way when the settings changed, and they change just before it is told of."""
    plan = service._config.plan(folder)
    assert plan is not None
    edit.set_folder_value(service.core.paths.config_file, str(folder), "quality", "small")
    service.reload()
    service._on_result(plan, _whole_folder_waits(folder))
    assert service._config.plan(folder) != plan
    _nothing_waits_for_a_decision(service)


def test_settings_change_between_two_steps_and_not_while_one_is_made(
    service: DaemonService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, record = service._config.plan(folder), FolderHealth.record
    assert plan is not None
    edit.set_folder_value(service.core.paths.config_file, str(folder), "quality", "small")
    reloading = threading.Thread(target=service.reload)

    def settings_change_meanwhile(self: FolderHealth, *rest: Any) -> bool:
        reloading.start()
        reloading.join(0.5)  # it has to wait; if it does not, it is over by now
        return record(self, *rest)

    monkeypatch.setattr(FolderHealth, "record", settings_change_meanwhile)
    service._on_result(plan, _whole_folder_waits(folder))
    reloading.join(60)
    assert service._config.plan(folder) != plan
    _nothing_waits_for_a_decision(service)


def test_a_change_of_settings_ends_the_waits_of_its_folder(service: DaemonService, folder: Path) -> None:
    plan = service._config.plan(folder)
    assert plan is not None
    service._on_result(plan, _whole_folder_waits(folder))
    assert service.status().problems == [f"{folder}: no room"]
    edit.set_folder_value(service.core.paths.config_file, str(folder), "quality", "small")
    service.reload()
    _nothing_waits_for_a_decision(service)


@pytest.mark.slow
def test_what_was_left_as_it_is_is_looked_at_by_the_new_settings(
    service: DaemonService, folder: Path
) -> None:
    picture, copy = folder / "scan.bmp", folder / "copy.bmp"
    Image.linear_gradient("L").save(picture)
    _wait_until_known(service, folder, picture)
    copy.write_bytes(picture.read_bytes())  # known by its content
    _wait_until_known(service, folder, copy)
    # What does not decide a verdict lets nothing in.
    edit.set_folder_value(service.core.paths.config_file, str(folder), "originals_keep_days", 5)
    service.reload()
    assert set(service.core.store.known(os.fsencode(folder))) == {b"scan.bmp", b"copy.bmp"}
    edit.set_folder_value(service.core.paths.config_file, str(folder), "convert", {"bmp": "png"})
    service.reload()
    wait_for(
        lambda: {each.name for each in folder.iterdir()} == {"scan.png", "copy.png"},
        what="both pictures to be converted",
    )


@pytest.mark.slow
def test_what_is_left_as_it_is_while_settings_change_is_looked_at_by_the_new_ones(
    service: DaemonService, folder: Path
) -> None:
    before = service._config.plan(folder)
    assert before is not None
    edit.set_folder_value(service.core.paths.config_file, str(folder), "convert", {"bmp": "png"})
    service.reload()
    picture = folder / "scan.bmp"
    Image.linear_gradient("L").save(picture)
    source = service.core.store.read(picture)  # before it has been at rest for long enough to be handed on
    left = FileOutcome(str(source.path), "unchanged", "why", format="bmp")
    service.core.store.record(source, left, before.settings, folder)
    assert b"scan.bmp" in service.core.store.known(os.fsencode(folder))
    service._on_result(before, JobResult(str(picture), "unchanged", "why"))
    wait_for(
        lambda: [each.name for each in folder.iterdir()] == ["scan.png"],
        within=170,  # two processes have to start
        what="it to be converted",
    )


@pytest.mark.slow
def test_what_is_left_as_it_is_just_before_new_settings_hold_is_looked_at_by_them(
    service: DaemonService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too late for what the change let in, too early to see the new settings."""
    before = service._config.plan(folder)
    assert before is not None
    picture, take_up, done = folder / "scan.bmp", Configuration._take_up, []
    Image.linear_gradient("L").save(picture)
    _wait_until_known(service, folder, picture)  # at rest, so that nothing else has it looked at

    def take_up_after_a_verdict(self: Configuration, *rest: Any) -> bool:
        if not done:
            done.append(True)
            source = service.core.store.read(picture)
            left = FileOutcome(str(source.path), "unchanged", "why", format="bmp")
            service.core.store.record(source, left, before.settings, folder)
            service._look_afresh_by_new_settings(before, JobResult(str(picture), "unchanged", "why"))
        return take_up(self, *rest)

    monkeypatch.setattr(Configuration, "_take_up", take_up_after_a_verdict)
    edit.set_folder_value(service.core.paths.config_file, str(folder), "convert", {"bmp": "png"})
    service.reload()
    wait_for(lambda: [each.name for each in folder.iterdir()] == ["scan.png"], what="it to be converted")


def _wait_until_known(service: DaemonService, folder: Path, file: Path) -> None:
    known = service.core.store.known
    wait_for(
        lambda: os.fsencode(file.name) in known(os.fsencode(folder)), what=f"{file.name} to be looked at"
    )


def _nothing_waits_for_a_decision(service: DaemonService) -> None:
    assert service.status().problems == []
    wait_for(lambda: not service.status().waiting_files, what="the file, which is not there, to be let go")


def test_settings_of_a_folder_are_changed_as_they_are_typed(service: DaemonService, folder: Path) -> None:
    service.change_folder(str(folder), {"quality": "small", "exclude": "*.gif, a b", "max_edge": "900"})
    (changed,) = load(service.core.paths.config_file).folders
    assert (str(changed.quality), changed.exclude, changed.max_edge) == ("small", ("*.gif", "a b"), 900)
    plan = service._config.plan(folder)
    assert plan is not None and plan.recipe.max_edge == 900, "a running daemon follows at once"
    service.change_folder(str(folder), {"quality": None})
    (changed,) = load(service.core.paths.config_file).folders
    assert str(changed.quality) == "balanced"


def test_an_output_folder_comes_and_goes_with_its_mode(service: DaemonService, folder: Path) -> None:
    out = folder.with_name("small")
    service.change_folder(str(folder), {"output": str(out)})
    (changed,) = load(service.core.paths.config_file).folders
    assert (changed.mode, changed.output) == ("output", out)
    service.change_folder(str(folder), {"mode": "replace"})
    (changed,) = load(service.core.paths.config_file).folders
    assert (changed.mode, changed.output) == ("replace", None)


@pytest.mark.parametrize("added_by_link", [True, False])
@pytest.mark.posix("links")
def test_a_folder_is_found_by_whatever_way_leads_there(
    service: DaemonService, folder: Path, tmp_path: Path, added_by_link: bool
) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    added, other = (link, real) if added_by_link else (real, link)
    service.add_folder(FolderRequest(path=str(added)))
    service.change_folder(str(other), {"quality": "small"})
    changed = load(service.core.paths.config_file).folders[1]
    assert (changed.path, str(changed.quality)) == (added, "small")
    assert service.named_folder(str(other)) == service.named_folder(str(added)) == str(added)
    service.enable_folder(f"{other}/.", False)
    assert not load(service.core.paths.config_file).folders[1].enabled
    with pytest.raises(ServiceError, match="lies in the watched folder"):
        service.change_folder(str(other), {"output": str(real / "inside")})
    service.remove_folder(str(other))
    assert [each.path for each in load(service.core.paths.config_file).folders] == [folder]
    with pytest.raises(ServiceError, match="is not watched"):
        service.remove_folder(str(other))


@pytest.mark.parametrize(
    ("values", "said", "code"),
    [
        ({"output": "HERE/inside"}, "inside", 4),
        ({"path": "/elsewhere"}, "another path is another folder", 2),
        ({"qualty": "small"}, 'did you mean "quality"', 2),
        ({"quality": "lossless", "fit_under": "1 MB"}, "lossless", 2),
        ({"mode": "output"}, "output", 2),
    ],
)
def test_what_a_folder_cannot_become_changes_nothing(
    service: DaemonService, folder: Path, values: dict[str, str], said: str, code: int
) -> None:
    file = service.core.paths.config_file
    before = file.read_bytes()
    with pytest.raises(ServiceError, match=said) as caught:
        service.change_folder(
            str(folder), {key: text.replace("HERE", str(folder)) for key, text in values.items()}
        )
    assert caught.value.exit_code == code
    assert file.read_bytes() == before
    with pytest.raises(ServiceError, match="is not watched") as caught:
        service.change_folder(str(folder.with_name("other")), {"quality": "small"})
    assert caught.value.exit_code == 2


def test_what_has_an_option_of_its_own_is_not_said_otherwise(service: DaemonService, tmp_path: Path) -> None:
    """Whether pictures that are there are compressed is asked before; it must not be said behind its back."""
    new = tmp_path / "new"
    new.mkdir()
    with pytest.raises(ServiceError, match="existing has an option of its own") as caught:
        service.add_folder(FolderRequest(path=str(new), more={"existing": "compress"}))
    assert caught.value.exit_code == 2
    service.add_folder(FolderRequest(path=str(new), more={"metadata": "share"}))
    assert load(service.core.paths.config_file).folders[-1].metadata == "share"


def test_what_waits_in_a_folder_is_forgotten_with_the_folder(service: DaemonService, folder: Path) -> None:
    plan = service._config.plan(folder)
    assert plan is not None
    service._on_result(plan, msgspec.structs.replace(_whole_folder_waits(folder), whole_folder=False))
    service.remove_folder(str(folder))
    assert (service.status().waiting, service.status().problems) == (0, [])
    service._on_result(plan, _whole_folder_waits(folder))  # of a picture that was under way
    assert (service.status().waiting, service.status().problems) == (0, [])


def _hand_on(service: DaemonService, folder: Path) -> None:
    """What watching does with a file at rest."""
    plan = service._config.plan(folder)
    assert plan is not None
    service.core.pipeline.submit(Job(folder / "a.jpg", plan, lambda told: None))


def test_work_goes_on_after_the_last_to_say_so(
    service: DaemonService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody pauses and somebody else resumes, at the same time."""
    queue = service.core.pipeline.queue
    pause, resuming = queue.pause, threading.Thread(target=service.resume)

    def slowly(paused: bool) -> None:
        if paused:
            resuming.start()
            resuming.join(0.5)  # it has to wait; if it does not, it is over by now
        pause(paused)

    monkeypatch.setattr(queue, "pause", slowly)
    service.pause(None)
    resuming.join(60)
    assert (service.status().paused_for, queue._paused) == ("", False)
    assert not (service.core.paths.state / "pause.json").exists()


def test_replacing_stays_stopped_over_a_restart_until_somebody_looks(
    service: DaemonService, folder: Path
) -> None:
    plan = service._config.plan(folder)
    assert plan is not None
    bad = JobResult(
        str(folder / "a.jpg"), "waiting", "read back differently", retry_after=60, unverified=True
    )
    for _ in range(MOST_IN_A_ROW):
        service._on_result(plan, bad)
    (stopped,) = service.status().problems
    assert "Replacing has stopped. 5 results in a row were read back" in stopped

    def after_a_restart() -> list[str]:
        health = FolderHealth(FairQueue())
        service._health = health
        service._stop_replacing_where_undone()
        return service.status().problems

    before = service._health
    assert after_a_restart() == [stopped]
    service._health = before
    service.resume()
    assert after_a_restart() == []


def test_nothing_stays_stopped_that_was_looked_at_at_the_same_moment(
    service: DaemonService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = service._config.plan(folder)
    assert plan is not None
    folders = type(service.core.store.folders)
    stop = folders.stop_replacing

    def while_the_user_looks(self: Any, root: Path, why: str) -> None:
        service.resume()
        stop(self, root, why)

    monkeypatch.setattr(folders, "stop_replacing", while_the_user_looks)
    bad = JobResult(
        str(folder / "a.jpg"), "waiting", "read back differently", retry_after=60, unverified=True
    )
    for _ in range(MOST_IN_A_ROW):
        service._on_result(plan, bad)
    assert service.status().problems == []
    assert not service.core.store.folders.stopped_replacing(folder)
    assert service.core.state.ask(lambda: service.core.pipeline.queue.held(folder)) is None


def test_a_file_handed_on_between_two_looks_is_not_overlooked_by_who_waits_for_the_end(
    service: DaemonService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(lambda: _scanned(service), what="the first scan")
    service.pause(None)

    def settled(timeout: float) -> bool:
        _hand_on(service, folder)
        return True

    monkeypatch.setattr(service._watch, "wait_settled", settled)
    assert not service.core.state.ask(service._is_done)


def test_a_file_handed_on_between_two_looks_is_counted(
    service: DaemonService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.pause(None)

    def waiting() -> list[PendingFile]:
        _hand_on(service, folder)
        return []

    monkeypatch.setattr(service._watch, "waiting", waiting)
    assert service.status().waiting == 1


DISK = {"open", "os.listdir", "os.scandir", "os.mkdir", "os.remove", "os.rename", "os.utime", "os.truncate"}
"""What Python tells its audit hooks about work on a disk (a look at one file's status is not among it)."""

asked_by_state: list[str] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in DISK and threading.current_thread().name == "state" and not str(arguments[0]).endswith(".py"):
        asked_by_state.append(f"{event} {arguments[:2]}")


def test_the_thread_that_decides_asks_no_disk(service: DaemonService, folder: Path) -> None:
    """A disk that hangs would hold up everything: requests, all folders, all slots."""
    sys.addaudithook(_hook)
    asked_by_state.clear()
    plan = service._config.plan(folder)
    assert plan is not None
    wait_for(lambda: _scanned(service), what="the first scan")
    service._on_result(plan, _whole_folder_waits(folder))
    service._on_result(plan, JobResult(str(folder / "b.jpg"), "compressed"))
    bad = JobResult(
        str(folder / "c.jpg"), "waiting", "read back differently", retry_after=60, unverified=True
    )
    for _ in range(MOST_IN_A_ROW):
        service._on_result(plan, bad)
    service.pause(None)
    service.status()
    service.resume()
    edit.set_folder_value(service.core.paths.config_file, str(folder), "quality", "small")
    service.reload()
    service.power_saver(True)
    service._drives_changed(Away(), Away(roots=frozenset({folder})))
    service._drives_changed(Away(roots=frozenset({folder})), Away())
    service.rescan()
    wait_for(lambda: _scanned(service), what="another scan")
    assert service.core.state.ask(lambda: asked_by_state) == []


def test_the_test_before_would_see_it(service: DaemonService, folder: Path) -> None:
    sys.addaudithook(_hook)
    asked_by_state.clear()
    service.core.state.ask(lambda: os.listdir(folder))
    assert asked_by_state


def test_requests_wait_for_the_start_and_hear_why_it_takes_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "home"))
    gate = StartGate(Paths.from_environment())
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()

    def request() -> None:
        try:
            gate.wait()
            heard.put("answered")
        except ServiceError as error:
            heard.put(str(error))

    def requests() -> list[threading.Thread]:
        begun = [threading.Thread(target=request, daemon=True) for _ in range(4)]
        for each in begun:
            each.start()
        return begun

    with pytest.raises(ServiceError, match="is still starting"):
        gate.wait(0.01)
    fault = "the disk is full"
    for say, answers in [
        (lambda: gate.say(fault), {f"{fault}; until then nothing can be done"}),
        (gate.open, {f"{fault}; until then nothing can be done", "answered"}),
    ]:
        waiting = requests()
        say()
        for each in waiting:
            each.join(20)
        assert {heard.get(timeout=1) for _ in waiting} <= answers
    assert gate.status() is None
    gate.wait(0)

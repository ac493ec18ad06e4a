"""Folders that are refused or warned about."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from homepress.watch import output_refusal, refusal, warnings
from homepress.watch.policy import cloud_clients
from support import THIS_MACHINE_CANNOT


@pytest.fixture
def person(tmp_path: Path) -> Path:
    """A home folder."""
    folder = tmp_path / "home" / "ada"
    (folder / "Pictures").mkdir(parents=True)
    return folder


def test_an_ordinary_folder_is_accepted_even_before_it_is_there(person: Path) -> None:
    assert refusal(person / "Pictures", home=person) is None
    assert refusal(person / "later", home=person) is None
    assert refusal(person / "Pictures", [person / "Pict"], person) is None
    assert warnings(person / "Pictures", home=person) == []


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/", "whole drive"),
        ("{home}", "your home folder"),
        ("{home}/Pictures/../", "your home folder"),
        ("{home}/..", "around your home"),
        ("/usr/share/pixmaps", "system"),
        ("/etc", "system"),
        ("{home}/file.jpg", "not a folder"),
    ],
)
def test_refused_places(person: Path, path: str, word: str) -> None:
    (person / "file.jpg").write_bytes(b"x")
    said = refusal(Path(path.format(home=person)), home=person)
    assert said is not None
    assert word in said


def test_the_systems_folders_are_refused_wherever_windows_has_them(
    person: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ProgramFiles", str(person / "Programs"))
    (person / "Programs" / "Paint").mkdir(parents=True)
    assert "system" in str(refusal(person / "Programs" / "Paint", home=person))
    assert refusal(person / "Pictures", home=person) is None


def test_what_programs_keep_for_themselves_is_told_before(person: Path) -> None:
    folder = person / "AppData" / "Local" / "Some Program"
    folder.mkdir(parents=True)
    assert any("AppData" in said for said in warnings(folder, home=person))


def test_a_whole_drive_is_refused(tmp_path: Path) -> None:
    assert "whole drive" in str(refusal(Path("/"), home=Path.home()))


def test_folders_inside_and_around_watched_ones_are_refused(person: Path) -> None:
    inner = person / "Pictures" / "2024"
    inner.mkdir()
    assert "as part of" in str(refusal(inner, [person / "Pictures"], person))
    assert "holds" in str(refusal(person / "Pictures", [inner], person))
    assert str(refusal(inner, [inner], person)).endswith("watched already")


@pytest.mark.posix("links")
def test_links_and_bind_mounts_do_not_hide_what_a_folder_is(person: Path) -> None:
    link = person / "link"
    link.symlink_to(person / "Pictures")
    assert "watched already" in str(refusal(link, [person / "Pictures"], person))
    (person / "up").symlink_to(person)
    assert "your home folder" in str(refusal(person / "up", home=person))


@pytest.mark.root
def test_a_bind_mount_is_recognised(person: Path) -> None:
    other = person / "bound"
    other.mkdir()
    if subprocess.run(["mount", "--bind", person / "Pictures", other], check=False).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount")
    try:
        assert "watched already" in str(refusal(other, [person / "Pictures"], person))
    finally:
        subprocess.run(["umount", other], check=True)


def test_outputs_inside_sources_and_sources_inside_outputs_are_refused(person: Path) -> None:
    source, other = person / "Pictures", person / "Other"
    assert "lies in the watched folder" in str(refusal(source, home=person, output=source / "small"))
    assert "lies in its output folder" in str(refusal(source, home=person, output=person))
    assert "lies in the watched folder" in str(output_refusal(source, other / "small", [other]))
    assert refusal(source, [other], person, output=person / "small") is None


def test_our_own_folders_are_refused(person: Path) -> None:
    own = person / ".local" / "share" / "homepress"
    assert "own files" in str(refusal(own / "originals", home=person, private=[own]))
    assert "own files" in str(refusal(person / ".local", home=person, private=[own]))


@pytest.mark.parametrize(
    ("folder", "client"),
    [
        ("Dropbox/Camera Uploads", "Dropbox"),
        ("OneDrive - Example Ltd/Pictures", "OneDrive"),
        ("Library/Mobile Documents/com~apple~CloudDocs/x", "iCloud Drive"),
        ("Library/CloudStorage/GoogleDrive-ada@example.org/My Drive", "Google Drive"),
        ("Nextcloud/Photos", "Nextcloud"),
    ],
)
def test_cloud_folders_are_known_by_their_names(person: Path, folder: str, client: str) -> None:
    (person / folder).mkdir(parents=True)
    assert client in cloud_clients(person / folder, person)
    assert any(
        client in said and "leave this computer" in said for said in warnings(person / folder, home=person)
    )


@pytest.mark.parametrize(
    ("marker", "client"),
    [
        (".dropbox", "Dropbox"),
        (".sync_6f0ce1a9.db", "Nextcloud"),
        (".owncloudsync.log", "ownCloud"),
        (".stfolder", "Syncthing"),
        (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
    ],
)
def test_cloud_folders_are_known_by_their_markers(person: Path, marker: str, client: str) -> None:
    (person / "Shared" / "Photos").mkdir(parents=True)
    (person / "Shared" / marker).write_bytes(b"")
    assert cloud_clients(person / "Shared" / "Photos", person) == [client]


def test_cloud_folders_are_known_by_the_clients_settings(person: Path) -> None:
    for name in ("a", "b", "c"):
        (person / name).mkdir()
    (person / ".dropbox").mkdir()
    (person / ".dropbox" / "info.json").write_text(json.dumps({"personal": {"path": str(person / "a")}}))
    (person / ".config" / "Nextcloud").mkdir(parents=True)
    (person / ".config" / "Nextcloud" / "nextcloud.cfg").write_text(f"0\\Folders\\1\\localPath={person}/b/\n")
    (person / ".config" / "onedrive").mkdir()
    (person / ".config" / "onedrive" / "config").write_text('sync_dir = "~/c"\n')
    assert cloud_clients(person / "a", person) == ["Dropbox"]
    assert cloud_clients(person / "b", person) == ["Nextcloud"]
    assert cloud_clients(person / "c", person) == ["OneDrive"]
    # The folder that holds the client's own settings is not what it synchronises.
    assert cloud_clients(person / "Pictures", person) == []


@pytest.mark.parametrize("text", ["", "[]", '{"personal": 1}', "{", '{"personal": {}}'])
def test_damaged_client_settings_are_passed_over(person: Path, text: str) -> None:
    (person / ".dropbox").mkdir()
    (person / ".dropbox" / "info.json").write_text(text)
    (person / ".config" / "onedrive").mkdir(parents=True)
    (person / ".config" / "onedrive" / "config").write_text("no equals sign\n[")
    assert cloud_clients(person / "Pictures", person) == []


def test_work_trees_are_named(person: Path) -> None:
    (person / "site" / ".git").mkdir(parents=True)
    (person / "site" / "images").mkdir()
    assert "nothing in it will be touched" in warnings(person / "site", home=person)[0]
    assert "show there as changes" in warnings(person / "site" / "images", home=person)[0]


@pytest.mark.parametrize(
    ("lines", "where", "warned"),
    [
        ("# ours\nbuild/\n.run/\n", ".", False),
        (".run\r\n", ".", False),
        ("/.run", ".", False),
        ("/.run/inbox/", ".", False),
        (".run/inbox", ".", False),
        ("inbox", ".run", False),
        ("", ".", True),
        ("#.run/\n", ".", True),
        ("/\n", ".", True),
        ("/inbox\n", ".", True),
        (".run-other\n", ".", True),
        (".run\n!.run\n", ".", True),
        (".run/[i]nbox\n", ".", True),
        ("x\n" * 4091 + "y\n.run/inbox2", ".", True),
    ],
)
def test_no_warning_of_a_folder_that_git_ignores(person: Path, lines: str, where: str, warned: bool) -> None:
    inbox = person / "site" / ".run" / "inbox"
    inbox.mkdir(parents=True)
    (person / "site" / ".git").mkdir()
    (person / "site" / where / ".gitignore").write_bytes(lines.encode())
    assert bool(warnings(inbox, home=person)) is warned


@pytest.mark.posix("named pipes")
def test_what_is_no_list_of_ignored_names_is_passed_over(person: Path) -> None:
    inbox = person / "site" / "inbox"
    (inbox / ".gitignore").mkdir(parents=True)
    (person / "site" / ".git").mkdir()
    os.mkfifo(person / "site" / ".gitignore")
    assert "show there as changes" in warnings(inbox, home=person)[0]


@pytest.mark.posix("names that are no UTF-8")
def test_names_that_are_not_utf8(person: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(person) + b"/f\xfcr"))
    odd.mkdir()
    assert refusal(odd, [person / "Pictures"], person) is None
    assert warnings(odd, home=person) == []

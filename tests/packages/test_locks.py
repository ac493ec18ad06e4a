"""packaging/locks/ and pyproject.toml agree, for every supported Python and system, and name no address."""

import re
import tomllib
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from packages.distributions import LOCKS
from support import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
RUN_TIME: list[str] = PROJECT["project"]["dependencies"]
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]
WINDOW: list[str] = PROJECT["project"]["optional-dependencies"]["window"]
WANTED = {
    "runtime": RUN_TIME,
    "window": RUN_TIME + WINDOW,
    "development": RUN_TIME + WINDOW + GROUPS["dev"] + PROJECT["build-system"]["requires"],
    "packaging": RUN_TIME + WINDOW + GROUPS["dist"],
    "fuzzing": RUN_TIME + GROUPS["fuzz"],
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "linux x86-64": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    | {"platform_machine": "x86_64"},
    "linux arm64": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    | {"platform_machine": "aarch64"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"}
    | {"platform_machine": "AMD64"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"}
    | {"platform_machine": "arm64"},
}


def text(lock: str) -> str:
    return (LOCKS / f"{lock}.txt").read_text(encoding="utf-8")


@cache
def locked(lock: str) -> list[tuple[Requirement, int]]:
    """Each line of a lock, with how many hashes it has."""
    found = []
    for entry in text(lock).replace("\\\n", " ").splitlines():
        line = entry.partition("#")[0].strip()
        if line:
            requirement, *hashes = line.split("--hash=")
            found.append((Requirement(requirement), len(hashes)))
    return found


def environment(python: str, system: str) -> dict[str, str]:
    return SYSTEMS[system] | {"python_version": python, "python_full_version": f"{python}.1"}


def applies(requirement: Requirement, where: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(where)


@pytest.mark.parametrize("lock", WANTED)
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_wanted_is_locked_once_and_within_its_bounds(lock: str, system: str, python: str) -> None:
    where = environment(python, system)
    pins: dict[str, list[str]] = {}
    for requirement, _ in locked(lock):
        if applies(requirement, where):
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            pins.setdefault(canonicalize_name(requirement.name), []).append(pin.version)
    for wanted in map(Requirement, WANTED[lock]):
        if applies(wanted, where):
            (version,) = pins[canonicalize_name(wanted.name)]
            assert wanted.specifier.contains(version, prereleases=True), wanted
    assert all(len(versions) == 1 for versions in pins.values())


@pytest.mark.parametrize("lock", WANTED)
def test_each_version_has_hashes_and_no_address(lock: str) -> None:
    assert all(hashes for _, hashes in locked(lock))
    assert not re.search(r"https?:|--(extra-)?index|--find-links|@ ", text(lock))


@pytest.mark.parametrize("lock", ["runtime", "packaging", "fuzzing"])
def test_locks_that_share_an_environment_agree(lock: str) -> None:
    everything = {(r.name, str(r.specifier), str(r.marker)) for r, _ in locked("development")}
    names = {requirement.name for requirement, _ in locked("development")}
    shared = {(r.name, str(r.specifier)) for r, _ in locked(lock) if r.name in names}
    assert shared <= {(name, version) for name, version, _ in everything}


def test_every_dependency_is_bounded_at_its_next_major_version() -> None:
    for line in [*RUN_TIME, *(line for group in GROUPS.values() for line in group)]:
        specifiers = {specifier.operator for specifier in Requirement(line).specifier}
        assert specifiers == {">=", "<"}, line

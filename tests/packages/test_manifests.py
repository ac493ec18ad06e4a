"""What package managers are given is whole, and names the very files that were made."""

import importlib
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import homepress
from support import REPOSITORY

HASH = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of "abc" (FIPS 180-4)."""


@pytest.fixture
def manifests(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(REPOSITORY / "packaging")
    return importlib.import_module("manifests")


@pytest.fixture
def written(manifests: ModuleType, tmp_path: Path) -> dict[str, str]:
    made = {}
    for name in ("homepress-setup.exe", "homepress-windows-portable.zip", "homepress-0.1.0.tar.gz"):
        made[name] = tmp_path / name
        made[name].write_bytes(b"abc")
    setup, portable, sdist = made.values()
    files = manifests.write_manifests(tmp_path / "out", setup=setup, portable=portable, sdist=sdist)
    return {str(file.relative_to(tmp_path / "out")): file.read_text() for file in files}


def fields(yaml: str) -> dict[str, str]:
    """Keys and values of a YAML file that has nothing but them and lists of words."""
    lines = [line for line in yaml.splitlines() if not re.fullmatch(r"- [\w.]+", line)]
    found = [re.fullmatch(r"(?:  |- )?(\w+):(?: (\S.*))?", line) for line in lines]
    assert all(found), yaml
    return {match[1]: match[2] or "" for match in found if match}


def test_winget_has_its_three_files_of_one_package(written: dict[str, str]) -> None:
    made = {name: fields(text) for name, text in written.items() if name.startswith("winget/")}
    assert {facts["ManifestType"] for facts in made.values()} == {"version", "installer", "defaultLocale"}
    shared = {
        tuple(facts[name] for name in ("PackageIdentifier", "PackageVersion", "ManifestVersion"))
        for facts in made.values()
    }
    ((identifier, version, _),) = shared
    assert version == homepress.__version__
    assert all(Path(name).name.startswith(f"{identifier}.") for name in made)
    installer = made[f"winget/{identifier}.installer.yaml"]
    assert installer["InstallerSha256"] == HASH.upper()
    assert installer["InstallerUrl"].endswith("/homepress-setup.exe")
    assert (installer["InstallerType"], installer["Scope"]) == ("nullsoft", "user")
    # The key beneath Uninstall, by which winget finds what it has installed.
    script = (REPOSITORY / "packaging" / "windows.nsi").read_text()
    assert f'\\Uninstall\\{installer["ProductCode"]}"' in script
    locale = made[f"winget/{identifier}.locale.en-US.yaml"]
    assert f'"Publisher" "{locale["Publisher"]}"' in script
    assert len(locale["ShortDescription"]) <= 256


def test_scoop_names_the_zip_and_what_is_in_it(written: dict[str, str]) -> None:
    manifest = json.loads(written["scoop/homepress.json"])
    assert manifest["version"] == homepress.__version__
    (download,) = manifest["architecture"].values()
    assert download["hash"] == HASH and download["url"].endswith("/homepress-windows-portable.zip")
    assert {manifest["bin"], manifest["shortcuts"][0][0]} == {"homepress.exe", "homepressw.exe"}


def test_the_formula_names_the_sdist(written: dict[str, str]) -> None:
    formula = written["homebrew/homepress.rb"]
    assert formula.startswith("class Homepress < Formula\n") and formula.endswith("\nend\n")
    assert f'sha256 "{HASH}"' in formula and "homepress-0.1.0.tar.gz" in formula
    opened = re.findall(r"^\s*(?:class|def)\b|\bdo$", formula, re.MULTILINE)
    assert len(opened) == len(re.findall(r"^\s*end$", formula, re.MULTILINE))
    assert "{" not in formula.replace("#{bin}", "")


def test_without_an_address_of_its_own_nothing_leads_anywhere(
    manifests: ModuleType, written: dict[str, str]
) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    own = tuple(project.get("urls", {}).values()) or (manifests.PLACEHOLDER,)
    for text in written.values():
        addresses = re.findall(r"https?://[^\s\"]+", text)
        assert all(address.startswith(own) for address in addresses)


def test_what_was_not_made_is_not_described(manifests: ModuleType, tmp_path: Path) -> None:
    sdist = tmp_path / "homepress.tar.gz"
    sdist.write_bytes(b"abc")
    (only,) = manifests.write_manifests(tmp_path, setup=None, portable=None, sdist=sdist)
    assert only.name == "homepress.rb"

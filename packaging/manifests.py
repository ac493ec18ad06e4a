"""What package managers are given: winget's three files, scoop's one, Homebrew's formula. None is tried yet.

Made of the version, the hashes of what `make dist` made and the homepage that pyproject.toml names. While it
names none, addresses begin with `PLACEHOLDER`, and whoever hands them in writes the true ones there.
"""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tryout import sha256

import homepress

ROOT = Path(__file__).resolve().parent.parent

PLACEHOLDER = "https://example.invalid/WHERE-HOMEPRESS-IS-HANDED-OUT"
"""In the place of the project's own address; no name under .invalid ever leads anywhere (RFC 2606)."""

_IDENTIFIER = "Homepress.Homepress"
_WINGET = "1.6.0"
"""Of the schema of winget's manifests."""
_PYTHON = "3.13"
"""Of Homebrew, one that packaging/locks/ has wheels for."""

_VERSION_YAML = """\
PackageIdentifier: {identifier}
PackageVersion: {version}
DefaultLocale: en-US
ManifestType: version
ManifestVersion: {schema}
"""

_INSTALLER_YAML = """\
PackageIdentifier: {identifier}
PackageVersion: {version}
Platform:
- Windows.Desktop
MinimumOSVersion: 10.0.0.0
InstallerType: nullsoft
Scope: user
InstallModes:
- interactive
- silent
InstallerSwitches:
  Silent: /S
  SilentWithProgress: /S
  InstallLocation: /D=<INSTALLPATH>
UpgradeBehavior: install
ProductCode: Homepress
Installers:
- Architecture: x64
  InstallerUrl: {url}
  InstallerSha256: {hash}
ManifestType: installer
ManifestVersion: {schema}
"""

_LOCALE_YAML = """\
PackageIdentifier: {identifier}
PackageVersion: {version}
PackageLocale: en-US
Publisher: The Homepress authors
PackageName: Homepress
PackageUrl: {homepage}
License: GPL-3.0-or-later
ShortDescription: {description}
Tags:
- compression
- image
- jpeg
- png
- privacy
- webp
ManifestType: defaultLocale
ManifestVersion: {schema}
"""

_FORMULA = """\
class Homepress < Formula
  desc "{description}"
  homepage "{homepage}"
  url "{url}"
  sha256 "{hash}"
  license "GPL-3.0-or-later"

  depends_on "python@{python}"

  def install
    system "python{python}", "-m", "venv", libexec
    pip = [libexec/"bin/python", "-m", "pip", "install"]
    system(*pip, "--only-binary=:all:", "--require-hashes", "--requirement", "packaging/locks/window.txt")
    system(*pip, "hatchling")
    system(*pip, "--no-deps", "--no-build-isolation", ".")
    bin.install_symlink libexec/"bin/homepress"
    man1.install "service-files/man/homepress.1"
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/homepress --version")
  end
end
"""


def write_manifests(target: Path, *, setup: Path | None, portable: Path | None, sdist: Path) -> list[Path]:
    """Write them.

    Args:
        target: the folder for them.
        setup: the installer for Windows; None where it was not made, and so not winget's files either.
        portable: the zip for Windows; the same for scoop.
        sdist: of this version.

    Returns:
        The files.
    """
    files = [*_homebrew(sdist)]
    files += _winget(setup) if setup else ()
    files += _scoop(portable) if portable else ()
    for name, text in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, encoding="utf-8")
    return [target / name for name, _ in files]


def _winget(setup: Path) -> Iterator[tuple[str, str]]:
    kinds = {"": _VERSION_YAML, ".installer": _INSTALLER_YAML, ".locale.en-US": _LOCALE_YAML}
    # The hash in capitals, as winget's own tool writes it.
    facts = {**_facts(setup), "hash": sha256(setup).upper(), "identifier": _IDENTIFIER, "schema": _WINGET}
    for kind, text in kinds.items():
        yield f"winget/{_IDENTIFIER}{kind}.yaml", text.format(**facts)


def _scoop(portable: Path) -> Iterator[tuple[str, str]]:
    facts = _facts(portable)
    program = '& "$dir\\homepress.exe"'
    manifest = {
        "version": facts["version"],
        "description": facts["description"],
        "homepage": facts["homepage"],
        "license": "GPL-3.0-or-later",
        "architecture": {"64bit": {"url": facts["url"], "hash": facts["hash"]}},
        "extract_dir": "Homepress",
        "bin": "homepress.exe",
        "shortcuts": [["homepressw.exe", "Homepress"]],
        # An update takes the old version away too: then what starts Homepress has to stay.
        "pre_uninstall": [
            f"if ($cmd -eq 'uninstall') {{ {program} uninstall --keep }} else {{ {program} stop --all }}"
        ],
    }
    yield "scoop/homepress.json", json.dumps(manifest, indent=4) + "\n"


def _homebrew(sdist: Path) -> Iterator[tuple[str, str]]:
    yield "homebrew/homepress.rb", _FORMULA.format(**_facts(sdist), python=_PYTHON)


def _facts(file: Path) -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    addresses = {name.lower(): address for name, address in project.get("urls", {}).items()}
    homepage = addresses.get("homepage", PLACEHOLDER).rstrip("/")
    return {
        "version": homepress.__version__,
        "description": project["description"].rstrip("."),
        "homepage": homepage,
        "url": f"{homepage}/{homepress.__version__}/{file.name}",
        "hash": sha256(file),
    }

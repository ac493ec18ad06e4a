"""Compiles the core (`daemon/homepress/compress/core/`) with the system's C compiler, for wheel and checkout.

hatchling calls `CoreBuildHook` (pyproject.toml). Nothing fails for want of a compiler: without one, or with
HOMEPRESS_CORE=none in the environment, the program is built without the library and numpy does its work.
"""

import contextlib
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.macos import process_macos_plat_tag

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "daemon" / "homepress" / "compress" / "core"
PLACE = "homepress/compress/core"
"""Of the library in a wheel."""
SWITCH = "HOMEPRESS_CORE"
"""Of the environment: "none" builds without the core, "needed" fails where it cannot be built."""

LIBRARY = "homepress.core." + {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
"""As `core/library.py` has it."""

# No product is fused with a sum, so that every processor decides alike; -O3 makes vectors of the loops.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra")
_BUSY_PARTS = ("encode", "score")  # compiled for AVX2 as well
_PARTS = ("core", "scans", "score_entries", *_BUSY_PARTS)
_X86 = ("x86_64", "amd64")
_COMPILERS = ("cc", "gcc", "clang")
_SECONDS = 300.0


class CompileError(Exception):
    """There is no C compiler, or it does not take the sources."""


def compile_core(target: Path, flags: Sequence[str] = FLAGS) -> None:
    """Compile the library.

    Args:
        target: the file to make.
        flags: of the compiler, besides those that a shared library needs.

    Raises:
        CompileError: with the reason.
    """
    compiler = _compiler()
    # Not on Windows, where GCC keeps vectors of 32 bytes at places of 16 (its bug 54412) and crashes.
    has_avx2 = platform.machine().lower() in _X86 and sys.maxsize > 2**32 and sys.platform != "win32"
    shared = [*flags, f"-DHP_SOURCES={digest()}", *([] if sys.platform == "win32" else ["-fPIC"])]
    shared += ["-DHP_HAS_AVX2"] if has_avx2 else []
    parts: list[tuple[str, str, list[str]]] = [(f"{name}.c", f"{name}.o", []) for name in _PARTS]
    if has_avx2:
        parts += [(f"{name}.c", f"{name}_avx2.o", ["-mavx2", "-DHP_AVX2"]) for name in _BUSY_PARTS]
    with tempfile.TemporaryDirectory(prefix="homepress-core-") as made:
        for source, name, extra in parts:
            _run([*compiler, *shared, *extra, "-c", str(SOURCES / source), "-o", str(Path(made, name))])
        objects = [str(Path(made, name)) for _, name, _ in parts]
        whole = Path(made, target.name)
        _run([*compiler, *shared, "-shared", *objects, "-o", str(whole)])
        # In one step: a library that a running worker has open is not written into.
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            shutil.copyfile(whole, beside)
            os.replace(beside, target)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise CompileError(f"{target} cannot be written: {error}") from error


def digest() -> int:
    """A number that tells these sources from others."""
    whole = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(SOURCES.glob("*.[ch]"))))
    return int.from_bytes(whole.digest()[:7], "big")


def _compiler() -> list[str]:
    """The command of the C compiler: CC of the environment, or the first that is there."""
    if named := os.environ.get("CC"):
        return shlex.split(named)
    for name in _COMPILERS:
        if found := shutil.which(name):
            return [found]
    raise CompileError("there is no C compiler")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompileError(str(error)) from error
    if done.returncode:
        raise CompileError(f"{' '.join(command)}\n{done.stderr}")


class CoreBuildHook(BuildHookInterface[Any]):
    """Puts the library into a wheel, or beside its sources for an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before a wheel is written; `version` is "standard" or "editable"."""
        beside = SOURCES / LIBRARY
        if version == "editable":
            self._compile(beside)
            return
        self._made = Path(tempfile.mkdtemp(prefix="homepress-core-"))
        if self._compile(self._made / LIBRARY):
            build_data["force_include"][str(self._made / LIBRARY)] = f"{PLACE}/{LIBRARY}"
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_platform_tag()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what was made on the way."""
        if made := getattr(self, "_made", None):
            shutil.rmtree(made, ignore_errors=True)

    def _compile(self, target: Path) -> bool:
        wish = os.environ.get(SWITCH, "")
        if wish != "none":
            try:
                compile_core(target)
                return True
            except CompileError as error:
                if wish == "needed":
                    raise
                self.app.display_warning(f"built without the compiled core, numpy does its work: {error}")
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)  # one of older sources would be used
        return False


def _platform_tag() -> str:
    """This system as a wheel names it (PEP 425)."""
    # What is compiled is for this machine, also where Python itself is for two kinds.
    name = sysconfig.get_platform().replace("universal2", platform.machine())
    name = name.replace("-", "_").replace(".", "_")
    # Apple's own processors came with macOS 11: no installer knows them with an older one.
    return process_macos_plat_tag(name, compat=False) if sys.platform == "darwin" else name

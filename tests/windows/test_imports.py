"""Every module is imported by the Python of Windows, but those that are other systems' own."""

import importlib
import pkgutil

import homepress
from rules.test_other_systems import OWN


def test_every_module_can_be_imported() -> None:
    failed: dict[str, str] = {}
    for module in pkgutil.walk_packages(homepress.__path__, "homepress."):
        if module.name.rpartition(".")[2] == "__main__":
            continue
        try:
            importlib.import_module(module.name)
        except Exception as error:  # noqa: BLE001  whatever it is, it is what a user would see
            failed[module.name] = f"{type(error).__name__}: {error}"
    system_calls = {"homepress.privacy.landlock", "homepress.privacy.seccomp", "homepress.privacy.syscalls"}
    assert failed.keys() <= OWN["win32"] | system_calls, failed

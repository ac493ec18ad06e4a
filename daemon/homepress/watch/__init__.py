"""Watching folders: each new image is found, and handed on once it is quiet, closed and whole."""

from homepress.watch.filewatch import FileWatch
from homepress.watch.model import (
    Arrival,
    FolderState,
    FolderStatus,
    Signature,
    Skip,
    Skipped,
    Timing,
    Waiting,
    WaitingFile,
    WatchedFolder,
)
from homepress.watch.policy import Location, cloud_clients, locate, output_refusal, refusal, warnings
from homepress.watch.protocols import Identity, Known, Sink, this_system
from homepress.watch.scanner import survey
from homepress.watch.watcher import Watch

__all__ = [
    "Arrival",
    "FileWatch",
    "FolderState",
    "FolderStatus",
    "Identity",
    "Known",
    "Location",
    "Signature",
    "Sink",
    "Skip",
    "Skipped",
    "Timing",
    "Waiting",
    "WaitingFile",
    "Watch",
    "WatchedFolder",
    "cloud_clients",
    "locate",
    "output_refusal",
    "refusal",
    "survey",
    "this_system",
    "warnings",
]

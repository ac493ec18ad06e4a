"""Watching folders: each new image is found, and handed on once it is quiet, closed and whole."""

from homepress.watch.filewatch import FileWatch
from homepress.watch.model import (
    Arrival,
    FolderState,
    PendingFile,
    Skip,
    Skipped,
    Timing,
    Waiting,
    WatchedFolder,
    WatchStatus,
)
from homepress.watch.policy import Location, cloud_clients, locate, output_refusal, refusal, warnings
from homepress.watch.protocols import KnownFiles, Sink, this_system
from homepress.watch.scanner import survey
from homepress.watch.watcher import Watcher

__all__ = [
    "Arrival",
    "FileWatch",
    "FolderState",
    "KnownFiles",
    "Location",
    "PendingFile",
    "Sink",
    "Skip",
    "Skipped",
    "Timing",
    "Waiting",
    "WatchStatus",
    "WatchedFolder",
    "Watcher",
    "cloud_clients",
    "locate",
    "output_refusal",
    "refusal",
    "survey",
    "this_system",
    "warnings",
]

"""Watching folders: each new image is found, and handed on once it is quiet, closed and whole."""

from homepress.watch.model import (
    Arrival,
    FolderState,
    KnownFiles,
    PendingFile,
    Sink,
    Skip,
    Skipped,
    Timing,
    Waiting,
    WatchedFolder,
    WatchStatus,
    this_system,
)
from homepress.watch.observer import FileWatch
from homepress.watch.policy import Location, cloud_clients, locate, output_refusal, refusal, warnings
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

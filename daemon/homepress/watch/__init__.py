"""Watching folders: each new image is found, and handed on once it is quiet, closed and whole."""

from homepress.watch.arrival import Arrival, Signature, Skip, Skipped, Waiting
from homepress.watch.clouds import cloud_clients, warnings
from homepress.watch.filewatch import FileWatch
from homepress.watch.folder import FolderState, FolderStatus, WaitingFile, WatchedFolder
from homepress.watch.ports import Identity, Known, Sink
from homepress.watch.refuse import Location, locate, output_refusal, refusal
from homepress.watch.survey import Candidate, survey
from homepress.watch.timing import Timing
from homepress.watch.watch import Watch

__all__ = [
    "Arrival",
    "Candidate",
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
    "warnings",
]

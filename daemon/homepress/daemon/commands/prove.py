"""The proof that nothing can be sent: what each process tries itself, and what is seen of it from outside."""

import os
import struct
import tempfile
import time
import zlib
from pathlib import Path

import msgspec

from homepress import privacy
from homepress.base.paths import Paths
from homepress.base.results import Gap, ProbeAttempt, ProbedProcess
from homepress.control import Service, ServiceError, probe_server
from homepress.control.service import CompressRequest, Status
from homepress.daemon.commands.connect import connect_or_local, lock_client
from homepress.privacy import HeldSocket, Party, Proof, Sample

__all__ = ["HeldSocket", "Party", "Proof", "prove"]

_SIDE = 256
_MOST_TRIES = 5


def sample_png() -> bytes:
    """A PNG of a colour ramp, stored without compression (PNG, third edition, sections 5 and 11.2)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    rows = b"".join(b"\0" + b"".join(bytes((x, y, 128)) for x in range(_SIDE)) for y in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def prove(paths: Paths) -> Proof:
    """Run the proof; takes a few seconds, and locks this process on the way.

    Raises:
        ServiceError: Homepress cannot be reached.
    """
    begin = time.monotonic()
    with privacy.bystander() as other:
        comparison = privacy.compare(other)  # first: an ordinary process is what this one still is
        lock_client(paths.socket, starts_workers=True)
        parties, sample, daemons = _parties(paths, other)
    pids = [party.pid for party in parties[:-1]] or [os.getpid()]
    seconds = time.monotonic() - begin
    gaps = gaps_found(daemons, silent=daemons is None)
    return Proof(comparison, tuple(parties), sample, privacy.checks(pids), seconds, gaps)


def gaps_found(status: Status | None, *, silent: bool = False) -> tuple[Gap, ...]:
    """What the system does not close for this process and for the daemon, with whose it is where they differ.

    Args:
        status: what the daemon says of itself; None where there is none.
        silent: whether there is one that said nothing.
    """
    own, me = privacy.gaps(), f"this command (process {os.getpid()})"
    if not silent and (status is None or status.pid is None):
        return own
    if status is None or status.gap_details is None:  # they are known of nobody but this command
        return tuple(msgspec.structs.replace(gap, process=f"known of {me}") for gap in own)
    return privacy.gaps_by_process({f"the daemon (process {status.pid})": tuple(status.gap_details), me: own})


def _parties(paths: Paths, other: int) -> tuple[list[Party], Sample, Status | None]:
    """Every process of ours, this one last, the picture compressed meanwhile, and what the daemon says."""
    # Before the service, which in a process that reads pictures itself forbids connecting to anything, and
    # seeing what others hold.
    desktop = []
    for name in probe_server.PROBED:
        # Who tells speaks to others on this computer; the worker it tells of, like the daemon's, to nobody.
        for at, process in enumerate(probe_server.ask_probe_server(paths.socket, name)):
            desktop.append(_party(process, privacy.WORKER if at else privacy.CLIENT))
    me = ProbedProcess(name="this command", pid=os.getpid(), tried=[])
    with connect_or_local(paths) as service:
        parties, apart = _parties_of_service(service, other, me.pid)
        if apart:
            privacy.set_apart()  # else this process has the daemon's lock
        daemon = _status(service)
        parties += [*desktop, _party(me, privacy.CLIENT, privacy.probe(other))]
        return parties, _compress_sample(service), daemon


def _status(service: Service) -> Status | None:
    """What the daemon says of itself; None where it ends meanwhile: a proof is worth having all the same."""
    try:
        return service.status()
    except ServiceError:
        return None


def _parties_of_service(service: Service, other: int, own: int) -> tuple[list[Party], bool]:
    """Daemon and workers but the process `own`, and whether that was not among them.

    A worker whose picture was its last ends between its answer and the look at it: then all are asked again.
    """
    roles = {"daemon": privacy.DAEMON}
    for _ in range(_MOST_TRIES):
        probed = service.probe(other)
        parties = [
            _party(process, roles.get(process.name, privacy.WORKER))
            for process in probed
            if process.pid != own
        ]
        if not any(party.seen is None or party.seen.sockets is None for party in parties):
            break
    return parties, len(parties) == len(probed)


def _party(process: ProbedProcess, role: privacy.ProcessRole, own: tuple[ProbeAttempt, ...] = ()) -> Party:
    """Put together what a process tried and what is seen of it."""
    attempts = own or tuple(process.tried)
    try:
        seen = privacy.report(process.pid)
    except ProcessLookupError:
        seen = None
    return Party(process.name, process.pid, role.may, attempts, seen)


def _compress_sample(service: Service) -> Sample:
    """Compress a made picture behind the lock, to show that all of it works."""
    with tempfile.TemporaryDirectory(prefix="homepress-proof-") as folder:
        file = Path(folder, "sample.png")
        file.write_bytes(sample_png())
        begin = time.monotonic()
        request = CompressRequest(paths=[str(file)], quality="lossless", dry_run=True)
        told = next(iter(service.compress(request)))
        problem = "" if told.outcome == "compressed" else told.reason or told.outcome
        return Sample(told.before_bytes, told.after_bytes, time.monotonic() - begin, problem)

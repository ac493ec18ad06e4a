"""All times of the room in one place, so that tests can run it in fast motion."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds, unless a name says otherwise.

    Attributes:
        early: the least quiet time before a file is opened at all.
        ahead: how long before the end of the quiet time work may start, where early arrivals are asked for.
        no_lease: quiet time where the system cannot say whether a file is open for writing, and of a file
            whose format does not say where it ends.
        remote: quiet time on network and FUSE file systems.
        doubtful: quiet time of a file with long runs of zeros.
        busy: waits while a program has a file open for writing; the last one repeats.
        incomplete: waits while a quiet file is not whole; the last one repeats.
        empty: waits while a file is empty; after the last one it is passed over until something is written.
        tries_until_told: failed looks at an incomplete file until the sink is told.
        health: between looks at the root and at the observer where the observer tells of no trouble.
        health_told: the same where they do; also how soon waking from suspend is noticed.
        health_remote: the same for polled folders, such as those on network and FUSE file systems.
        health_missing: the longest time between looks for a root that has been away for long.
        again: the least time between two calls of `Sink.look_again` while that says that pictures wait.
        rebuild_pause: the least time between two rebuilds of an observer that keeps losing watches.
        directory_looks: after an event of a directory, when to scan it; the second look catches what came
            between the first one and the moment its watch was set.
        scan: the least time between full scans of a natively watched folder.
        scan_factor: and at least this many times the CPU time of the last scan.
        poll: the least time between scans of a polled folder.
        poll_cpu_factor: and at least this many times the CPU time of the last scan.
        poll_wall_factor: and at least this many times its duration, which is the load on a server.
        poll_most: the longest time between two scans of a polled folder.
        slice: how long a scan may go on before due files are looked at.
        no_room: how long a scan rests when the sink has no room.
        hint_pause: events that come within this time are handled together.
        turn: how long a folder's thread may be at work when it is to end, until it is taken to hang.
        silent: how long a folder's thread may hang in the system until its state says so.
        restart: the pause before a folder begins anew after an error; each further one in a row doubles it.
        restart_most: the longest such pause.
        join: how long `stop` waits for threads that hang.
        tell: the least time between two calls of `Sink.changed`.
    """

    early: float = 0.2
    ahead: float = 3.0
    no_lease: float = 10.0
    remote: float = 30.0
    doubtful: float = 60.0
    busy: tuple[float, ...] = (1, 2, 4, 8, 16, 32, 60, 120, 240, 480, 960, 1800, 3600)
    incomplete: tuple[float, ...] = (10, 30, 120, 600, 3600)
    empty: tuple[float, ...] = (10, 50, 240, 300)
    tries_until_told: int = 2
    health: float = 1.5
    health_told: float = 30.0
    health_remote: float = 10.0
    health_missing: float = 10.0
    again: float = 5.0
    rebuild_pause: float = 10.0
    directory_looks: tuple[float, ...] = (0.3, 3.0)
    scan: float = 300.0
    scan_factor: float = 2000.0
    poll: float = 10.0
    poll_cpu_factor: float = 200.0
    poll_wall_factor: float = 30.0
    poll_most: float = 3600.0
    slice: float = 0.05
    no_room: float = 1.0
    hint_pause: float = 0.02
    turn: float = 0.5
    silent: float = 10.0
    restart: float = 10.0
    restart_most: float = 3600.0
    join: float = 5.0
    tell: float = 0.2

    def missing_interval(self, gone: float) -> float:
        """Seconds until the next look for a root that has been away for `gone` seconds."""
        return min(self.health_missing, max(self.health, gone / 20))

    def again_interval(self, cpu: float) -> float:
        """Seconds until `Sink.look_again` is called again, from the CPU seconds of the last call."""
        return max(self.again, self.scan_factor * cpu)

    def scan_interval(self, cpu: float) -> float:
        """Seconds until the next full scan of a natively watched folder, from the CPU seconds of the last."""
        return max(self.scan, self.scan_factor * cpu)

    def poll_interval(self, cpu: float, wall: float) -> float:
        """Seconds until the next scan of a polled folder, from CPU time and duration of the last."""
        wanted = max(self.poll, self.poll_cpu_factor * cpu, self.poll_wall_factor * wall)
        return min(wanted, self.poll_most)

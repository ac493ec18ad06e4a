"""What the operating system refuses: whose trouble it is, in words, what to do, and when to try again.

One table for the whole program. `explain` finds the row for an `OSError` by its errno, by its Windows code
where that says more, or takes the explanation that the error brings along.
Errors of the system are never faults of this program, so every `OSError` has a row: what the table does not
name is the computer's trouble (`DEFAULT`).
"""

import enum
import errno
import re
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path


class UserError(Exception):
    """What a person has to read: the text names what is concerned, what is wrong and what to do next.

    Attributes:
        exit_code: what the command line exits with: 1 some file failed, 2 wrong usage or settings,
            3 no daemon, 4 refused for safety.
    """

    exit_code = 1


class Scope(enum.StrEnum):
    """Whose trouble it is, and so which pictures it stands against."""

    FILE = "this file"
    """Only the picture itself."""
    FOLDER = "its folder"
    """Every picture directly in the same folder."""
    DISK = "its disk"
    """Every picture of the watched folder."""
    ORIGINALS = "the disk of the originals"
    """Every picture, since originals and ledger are kept there."""
    COMPUTER = "the computer"
    """Every picture."""
    PROGRAM = "Homepress"
    """A fault of this program; never the scope of an `OSError`."""


class Retry(enum.StrEnum):
    """When another try is worthwhile."""

    SOON = "soon"
    """It usually ends within seconds."""
    LATER = "later"
    """It ends when somebody does something about it, or after a while."""
    CHANGED = "when it changes"
    """It ends when the file, its name or its permissions change."""
    NEVER = "never"
    """The file is not there, or will always be refused."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One kind of refusal.

    Attributes:
        name: of the error, such as "ENOSPC".
        scope: whose trouble it is.
        words: what is wrong; goes after the name of the file and a colon.
        cure: what to do about it; empty when there is nothing to do.
        retry: when to try again.
    """

    name: str
    scope: Scope
    words: str
    cure: str
    retry: Retry

    def __str__(self) -> str:
        return f"{self.words}; {self.cure}" if self.cure else self.words


DEFAULT = Explanation(
    "unknown",
    Scope.COMPUTER,
    "the system refused a step",
    "it is tried again; if that does not help, see: homepress doctor",
    Retry.LATER,
)
"""For errors without a row of their own: those of `UNRELATED`, and numbers that no list knows."""

_OF_STREAMS = """
    ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EPFNOSUPPORT
    EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENOBUFS EISCONN ETOOMANYREFS ENOSTR ENOSR ESTRPIPE EMULTIHOP
    EDOTDOT ENOTUNIQ EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT EBFONT ENOPKG EADV ESRMNT EQFULL
"""
_OF_PROCESSES = """
    ESRCH ECHILD ENOEXEC E2BIG ENOTTY ESPIPE EDOM ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG
    EUNATCH ENOCSI EL2HLT ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC ERESTART EOWNERDEAD ENOTRECOVERABLE
    ERFKILL EFAULT ENOTNAM ENAVAIL EISNAM ENOPOLICY EBADARCH EBADEXEC EBADMACHO ESHLIBVERS EPROCLIM
    ENOTCAPABLE EBADRPC ERPCMISMATCH EPROGUNAVAIL EPROGMISMATCH EPROCUNAVAIL EDISCON EPROVIDERFAILEDINIT
    EINVALIDPROCTABLE EINVALIDPROVIDER ENOMORE ECANCELLED EREFUSED
"""

UNRELATED = frozenset((_OF_STREAMS + _OF_PROCESSES).split())
"""Errors that no file system gives for good reason. If one comes nevertheless, `DEFAULT` explains it."""


def shell_word(word: object) -> str:
    """A word of a command that a person is to type, as the shell of this system takes it."""
    if sys.platform == "win32":
        return _quoted_on_windows(str(word))
    return shlex.quote(str(word))


def _quoted_on_windows(word: str) -> str:
    """Between double quotes, which no path has in it; cmd still fills in `%NAME%`, and PowerShell `$name`."""
    return f'"{word}"' if re.search(r"[\s&()\[\]{}^=;!'+,`~%$@]", word) else word


_FULL = "make room there"
_AWAY = "connect it again; work goes on by itself"
_SERVER = "see whether its server and the network are up, or mount it again; work goes on by itself"
_FAILING = "it may be failing: save what is on it and have it checked"
_REPAIR = "have it checked and repaired (fsck, chkdsk), and see whether there is a backup"
_ON_WINDOWS = sys.platform == "win32"
_SECURITY = "its Properties, page Security, in Explorer"
_ALLOW = f"to allow it: {_SECURITY if _ON_WINDOWS else 'chmod u+rwX'}, for its folder too"


def how_to_allow(folder: str = "") -> str:
    """What a person does about a folder that may not be entered, which may be named."""
    command = f"chmod u+rwx {shell_word(folder)}" if folder else "chmod u+rwx"
    return f"to allow it: {_SECURITY if _ON_WINDOWS else command}"


# macOS answers so too where nobody consented that Python may see Documents, Downloads and the like.
_CONSENT = "; on macOS also: System Settings, Privacy & Security" if sys.platform == "darwin" else ""
_WHY_NOT_PERMITTED = f"it or its folder may be marked immutable, or belong to another user{_CONSENT}"
_WHO = _SECURITY if _ON_WINDOWS else "ls -ld"
_CLOSE = "it goes on by itself when that program has finished"
_RENAME = "give it another name"
_SHORTEN = "shorten its name or those of its folders"
_LIMITED = "its file system is too limited for this: have results written elsewhere with an output folder"

# Names with the same meaning stand in one line.
_TABLE: tuple[tuple[str, Scope, str, str, Retry], ...] = (
    # The file
    ("ENOENT", Scope.FILE, "it is not there any more", "", Retry.NEVER),
    ("ENOTDIR", Scope.FILE, "one of the folders above it is not a folder any more", "", Retry.NEVER),
    ("EISDIR", Scope.FILE, "it is a folder, not a file", "", Retry.NEVER),
    ("EACCES", Scope.FILE, "it may not be read or replaced", _ALLOW, Retry.CHANGED),
    (
        "EPERM",
        Scope.FILE,
        "the system does not permit to replace it",
        _WHY_NOT_PERMITTED,
        Retry.CHANGED,
    ),
    ("EBUSY ETXTBSY", Scope.FILE, "another program is using it", _CLOSE, Retry.SOON),
    (
        "EAGAIN EWOULDBLOCK EDEADLK EDEADLOCK",
        Scope.FILE,
        "another program has it locked",
        _CLOSE,
        Retry.SOON,
    ),
    ("EINTR ECANCELED EINPROGRESS EALREADY", Scope.FILE, "the system interrupted a step", "", Retry.SOON),
    (
        "EEXIST ENOTEMPTY",
        Scope.FILE,
        "another file took the name that was needed",
        "it is tried again",
        Retry.SOON,
    ),
    ("EXDEV", Scope.FILE, "it lies on another disk than its folder", "", Retry.CHANGED),
    ("ELOOP", Scope.FILE, "a symbolic link stands in its path", "give the real path", Retry.CHANGED),
    (
        "ENAMETOOLONG",
        Scope.FILE,
        "its name or its path is too long for this system or its disk",
        _SHORTEN,
        Retry.CHANGED,
    ),
    ("EILSEQ", Scope.FILE, "its name has characters that its disk cannot hold", _RENAME, Retry.CHANGED),
    (
        "EINVAL",
        Scope.FILE,
        "its file system refused a step for this file",
        f"a name that its disk cannot hold is the usual cause: {_RENAME}",
        Retry.CHANGED,
    ),
    ("EFBIG", Scope.FILE, "it is larger than its disk or your limits allow", "", Retry.CHANGED),
    (
        "EOVERFLOW ERANGE",
        Scope.FILE,
        "its size, times or attributes are beyond what can be kept",
        "",
        Retry.CHANGED,
    ),
    ("EMLINK", Scope.FILE, "it has more names than its disk allows", "", Retry.CHANGED),
    ("ENODATA ENOATTR", Scope.FILE, "one of its attributes went away meanwhile", "", Retry.SOON),
    ("EFTYPE", Scope.FILE, "it is not a regular file", "", Retry.CHANGED),
    (
        "ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EAUTH ENEEDAUTH",
        Scope.FOLDER,
        "its folder is encrypted or needs a sign-in, and is locked at present",
        "unlock it, or sign in again",
        Retry.LATER,
    ),
    # Its disk
    ("ENOSPC", Scope.DISK, "its disk is full", _FULL, Retry.LATER),
    ("EDQUOT", Scope.DISK, "your quota on its disk is used up", _FULL, Retry.LATER),
    ("EROFS", Scope.DISK, "its disk is read-only now", "make it writable again", Retry.LATER),
    ("EIO EREMOTEIO EDEVERR", Scope.DISK, "its disk reports an error", _FAILING, Retry.LATER),
    ("EUCLEAN EBADMSG EILLEGAL", Scope.DISK, "the file system of its disk is damaged", _REPAIR, Retry.LATER),
    ("ENODEV ENXIO ENOMEDIUM EPWROFF ENOTBLK", Scope.DISK, "its drive is not connected", _AWAY, Retry.LATER),
    ("EMEDIUMTYPE", Scope.DISK, "the medium in its drive cannot be used", "insert another one", Retry.LATER),
    ("ENOTCONN ESHUTDOWN", Scope.DISK, "its network drive is not connected any more", _SERVER, Retry.LATER),
    (
        "ESTALE EBADF EBADFD",
        Scope.DISK,
        "its disk or server does not know it any more",
        "mount it again",
        Retry.LATER,
    ),
    (
        "ETIMEDOUT ETIME EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ENETRESET ENONET ENOLINK ECOMM EREMOTE "
        "ECONNREFUSED ECONNRESET ECONNABORTED EPIPE EPROTO EREMCHG",
        Scope.DISK,
        "its server does not answer",
        _SERVER,
        Retry.LATER,
    ),
    ("EOPNOTSUPP ENOTSUP ENOSYS", Scope.DISK, "its file system does not know a step", _LIMITED, Retry.LATER),
    ("EUSERS", Scope.DISK, "too many users are using its disk", "", Retry.LATER),
    # The ledger, by SQLite's names (sqlite.org/rescode.html)
    (
        "SQLITE_BUSY SQLITE_LOCKED SQLITE_PROTOCOL",
        Scope.ORIGINALS,
        "another program has it locked",
        "work goes on by itself when that program has finished",
        Retry.SOON,
    ),
    ("SQLITE_FULL", Scope.ORIGINALS, "its disk is full", _FULL, Retry.LATER),
    ("SQLITE_IOERR", Scope.ORIGINALS, "its disk reports an error", _FAILING, Retry.LATER),
    (
        "SQLITE_READONLY",
        Scope.ORIGINALS,
        "it may not be written: its disk is read-only, or its permissions were changed",
        f"make it writable again (to see who may write it: {_WHO})",
        Retry.LATER,
    ),
    (
        "SQLITE_CANTOPEN SQLITE_PERM SQLITE_AUTH",
        Scope.ORIGINALS,
        "it cannot be opened",
        f"see whether its disk is connected, and who may read it: {_WHO}",
        Retry.LATER,
    ),
    ("SQLITE_NOMEM", Scope.ORIGINALS, "there is not enough memory for it", "end other programs", Retry.SOON),
    ("SQLITE_INTERRUPT", Scope.ORIGINALS, "a step of it was interrupted", "", Retry.SOON),
    ("SQLITE_NOLFS", Scope.ORIGINALS, "its disk cannot hold a file so large", _LIMITED, Retry.LATER),
    # The computer
    (
        "EMFILE",
        Scope.COMPUTER,
        "Homepress may not open more files",
        "raise the limit (ulimit -n) and start Homepress again",
        Retry.SOON,
    ),
    (
        "ENFILE",
        Scope.COMPUTER,
        "the programs on this computer have too many files open",
        "end some of them, or raise fs.file-max",
        Retry.SOON,
    ),
    ("ENOMEM", Scope.COMPUTER, "there is not enough memory", "end other programs", Retry.SOON),
    ("ENOLCK", Scope.COMPUTER, "the system has no more file locks to give", "", Retry.SOON),
)

_BY_NAME: dict[str, Explanation] = {
    name: Explanation(name, scope, words, cure, retry)
    for names, scope, words, cure, retry in _TABLE
    for name in names.split()
}

_BY_NUMBER: dict[int, Explanation] = {
    number: _BY_NAME[name] for number, name in errno.errorcode.items() if name in _BY_NAME
} | {getattr(errno, name): row for name, row in _BY_NAME.items() if hasattr(errno, name)}

# winerror.h. Python gives most of these as EACCES or EINVAL, which would tell the user the wrong thing.
_WINDOWS: dict[int, str] = {
    4: "EMFILE",  # TOO_MANY_OPEN_FILES
    8: "ENOMEM",  # NOT_ENOUGH_MEMORY
    14: "ENOMEM",  # OUTOFMEMORY
    19: "EROFS",  # WRITE_PROTECT
    20: "ENODEV",  # BAD_UNIT
    21: "ENOMEDIUM",  # NOT_READY
    23: "EIO",  # CRC
    25: "EIO",  # SEEK
    26: "EMEDIUMTYPE",  # NOT_DOS_DISK
    27: "EIO",  # SECTOR_NOT_FOUND
    29: "EIO",  # WRITE_FAULT
    30: "EIO",  # READ_FAULT
    31: "EIO",  # GEN_FAILURE
    32: "EBUSY",  # SHARING_VIOLATION
    33: "EBUSY",  # LOCK_VIOLATION
    39: "ENOSPC",  # HANDLE_DISK_FULL
    51: "EHOSTDOWN",  # REM_NOT_LIST
    53: "EHOSTUNREACH",  # BAD_NETPATH
    54: "ETIMEDOUT",  # NETWORK_BUSY
    55: "ENODEV",  # DEV_NOT_EXIST
    59: "ENETRESET",  # UNEXP_NET_ERR
    64: "ENOTCONN",  # NETNAME_DELETED
    67: "EHOSTUNREACH",  # BAD_NET_NAME
    87: "EINVAL",  # INVALID_PARAMETER
    110: "EIO",  # OPEN_FAILED
    111: "ENAMETOOLONG",  # BUFFER_OVERFLOW
    112: "ENOSPC",  # DISK_FULL
    121: "ETIMEDOUT",  # SEM_TIMEOUT
    123: "EILSEQ",  # INVALID_NAME
    148: "EBUSY",  # PATH_BUSY
    170: "EBUSY",  # BUSY
    206: "ENAMETOOLONG",  # FILENAME_EXCED_RANGE
    223: "EFBIG",  # FILE_TOO_LARGE
    303: "EBUSY",  # DELETE_PENDING
    1006: "ESTALE",  # FILE_INVALID: the volume was altered from outside
    1112: "ENOMEDIUM",  # NO_MEDIA_IN_DRIVE
    1117: "EIO",  # IO_DEVICE
    1167: "ENODEV",  # DEVICE_NOT_CONNECTED
    1222: "ENOTCONN",  # NO_NETWORK
    1231: "ENETUNREACH",  # NETWORK_UNREACHABLE
    1232: "EHOSTUNREACH",  # HOST_UNREACHABLE
    1295: "EDQUOT",  # DISK_QUOTA_EXCEEDED
    1392: "EUCLEAN",  # FILE_CORRUPT
    1393: "EUCLEAN",  # DISK_CORRUPT
    1450: "ENOMEM",  # NO_SYSTEM_RESOURCES
    1455: "ENOMEM",  # COMMITMENT_LIMIT
    1816: "EDQUOT",  # NOT_ENOUGH_QUOTA
}


def explain(error: OSError) -> Explanation:
    """The row for an error; `DEFAULT` where there is none, so that every error of the system has one.

    Args:
        error: as the system gave it, on any system.
    """
    own = getattr(error, "explanation", None)
    if isinstance(own, Explanation):
        return own
    windows = getattr(error, "winerror", None)
    if isinstance(windows, int) and windows in _WINDOWS:
        return _BY_NAME[_WINDOWS[windows]]
    return _BY_NUMBER.get(error.errno or 0, DEFAULT)


def explain_as(error: OSError, row: Explanation, filename: str) -> OSError:
    """Give an error an explanation of its own, and the name of what it is about; the same error."""
    error.explanation = row  # type: ignore[attr-defined]
    error.filename, error.filename2 = filename, None
    return error


def of_originals(error: OSError, folder: str) -> OSError:
    """Say that an error concerns the folder of originals, and so every picture; the same error."""
    row = explain(error)
    if row.scope is Scope.ORIGINALS:
        return error
    later = Retry.SOON if row.retry is Retry.SOON else Retry.LATER
    return explain_as(error, replace(row, scope=Scope.ORIGINALS, cure=row.cure or _AWAY, retry=later), folder)


def of_output(error: OSError, folder: str) -> OSError:
    """Say that an error concerns the folder for results, not the picture; the same error."""
    row = explain(error)
    if row.scope is not Scope.FILE:
        return error
    later = Retry.SOON if row.retry is Retry.SOON else Retry.LATER
    words, cure = "results cannot be written to this folder", "choose another output folder, or make this one"
    return explain_as(error, replace(row, scope=Scope.FOLDER, words=words, cure=cure, retry=later), folder)


def explained(name: str) -> Explanation:
    """The row of an error by its name, such as "ENOSPC"; `DEFAULT` where there is none."""
    return _BY_NAME.get(name, DEFAULT)


def in_words(error: OSError) -> str:
    """What goes after the name of a file: what is wrong, what to do, and the system's own words."""
    row = explain(error)
    own = str(error.strerror or "") if error.errno is not None else str(error)
    return f"{row} ({own})" if own else str(row)


def with_name(error: OSError, name: str = "") -> str:
    """A whole sentence: the file, what is wrong with it, what to do.

    Args:
        error: whose `filename` is named unless `name` is given.
        name: of the file, as a person may read it.
    """
    about = name or (printable(error.filename) if error.filename else "this computer")
    return f"{about}: {in_words(error)}"


def told(error: Exception) -> str:
    """What a person reads of an error: its own text, or what the table has of an error of the system."""
    return with_name(error) if isinstance(error, OSError) and error.errno is not None else str(error)


_OUT_OF_REACH = frozenset(
    {
        *("ENODEV", "ENXIO", "ENOMEDIUM", "EPWROFF", "ENOTCONN", "ESHUTDOWN", "ESTALE", "ETIMEDOUT", "ETIME"),
        *("EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ENETRESET", "ENONET", "ENOLINK"),
        *("ECONNREFUSED", "ECONNRESET", "ECONNABORTED"),
    }
)


def is_away(error: OSError) -> bool:
    """Whether an error says that the drive or the server of a path is not within reach."""
    return explain(error).name in _OUT_OF_REACH


def printable(name: str | bytes | int | Path) -> str:
    """A file's name as any terminal can take it; undecodable bytes become `\\xNN`."""
    if isinstance(name, bytes):
        return name.decode("utf-8", "backslashreplace")
    try:
        return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half of a UTF-16 pair, which no file name of this system can hold
        return str(name).encode("utf-8", "backslashreplace").decode("utf-8")


def quoted(name: str | bytes | Path) -> str:
    """A path for the log: in quotes, as it is but for characters that would break the line."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in printable(name))
    return f"'{''.join(shown)}'"


def in_log(error: Exception) -> str:
    """An error as Python writes it, but with paths as they are: on Windows it doubles their backslashes."""
    text = str(error)
    if isinstance(error, OSError):
        for name in (error.filename, error.filename2):
            if isinstance(name, str | bytes):
                text = text.replace(repr(name), quoted(name))
    return text

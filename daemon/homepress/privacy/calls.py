"""Every system call of Linux in groups, with its number on x86-64 and on 64-bit Arm.

Each call is in one group. Which groups a process may use is decided in `filters`. A call that is not listed
here does not exist for any process of ours (ENOSYS), so a new kernel's calls are refused until somebody has
looked at them. A test holds the table against the C headers of the system it runs on.

Sources: Linux `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`, to 7.0.
"""

import errno
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass

Numbers = tuple[int | None, int | None]
"""A call's number on x86-64 and on Arm; None where there is none (Arm has only the newer of many pairs)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that serve one purpose.

    Attributes:
        name: what it is called in the documentation.
        purpose: what the calls do.
        error: the errno for a process that may not use them.
        calls: each with its numbers.
    """

    name: str
    purpose: str
    error: int
    calls: Mapping[str, Numbers]


def _group(name: str, purpose: str, error: int, calls: str) -> Group:
    """A group from text such as "read 0/63, open 2/-"."""
    rows = (entry.split() for entry in calls.split(","))
    table = {call: tuple(map(_number, numbers.split("/"))) for call, numbers in rows}
    return Group(name, purpose, error, {call: (x86, arm) for call, (x86, arm) in table.items()})


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


GROUPS = (
    _group(
        "memory",
        "its own memory: heap, stacks, buffers",
        errno.EPERM,
        """
        brk 12/214, mmap 9/222, munmap 11/215, mremap 25/216, mprotect 10/226, madvise 28/233
        """,
    ),
    _group(
        "descriptors",
        "reading, writing and waiting for what is open already",
        errno.EACCES,
        """
        read 0/63, write 1/64, readv 19/65, writev 20/66, close 3/57, lseek 8/62, fstat 5/80, poll 7/-,
        ppoll 271/73, fcntl 72/25, ioctl 16/29
        """,
    ),
    _group(
        "time",
        "clocks, waiting, what it has used",
        errno.EPERM,
        """
        clock_gettime 228/113, clock_getres 229/114, gettimeofday 96/169, time 201/-, times 100/153,
        getrusage 98/165, nanosleep 35/101, clock_nanosleep 230/115
        """,
    ),
    _group(
        "own threads",
        "waiting for its own threads, and going on after an interruption",
        errno.EPERM,
        """
        futex 202/98, sched_yield 24/124, restart_syscall 219/128
        """,
    ),
    _group(
        "itself",
        "what it is and where it runs, its limits, chance, whether a descriptor is a socket",
        errno.EPERM,
        """
        getpid 39/172, gettid 186/178, getppid 110/173, getpgrp 111/-, getuid 102/174, geteuid 107/175,
        getgid 104/176, getegid 108/177, uname 63/160, getcpu 309/168, sysinfo 99/179,
        getrandom 318/278, sched_getaffinity 204/123, getrlimit 97/163, prlimit64 302/261,
        prctl 157/167, getsockname 51/204, getcwd 79/17
        """,
    ),
    _group(
        "its signals",
        "receiving signals, and sending them (workers and helper programs only to themselves)",
        errno.EPERM,
        """
        rt_sigaction 13/134, rt_sigprocmask 14/135, rt_sigreturn 15/139, sigaltstack 131/132,
        kill 62/129, tkill 200/130, tgkill 234/131
        """,
    ),
    _group(
        "ending",
        "the end of a thread or of the process",
        errno.EPERM,
        """
        exit 60/93, exit_group 231/94
        """,
    ),
    _group(
        "thread start",
        "what a C library does when a thread starts",
        errno.EPERM,
        """
        set_robust_list 273/99, rseq 334/293
        """,
    ),
    _group(
        "program start",
        "what a C library does when a program starts",
        errno.EPERM,
        """
        arch_prctl 158/-, set_tid_address 218/96, pread64 17/67
        """,
    ),
    _group(
        "opening",
        "opening and making files by name",
        errno.EACCES,
        """
        open 2/-, openat 257/56, creat 85/-
        """,
    ),
    _group(
        "lookups",
        "looking for and at files, folders and attributes, most of them by name: the "
        "name of a file on a network mount goes to its server",
        errno.EACCES,
        """
        stat 4/-, lstat 6/-, newfstatat 262/79, statx 332/291, access 21/-, faccessat 269/48,
        readlink 89/-, readlinkat 267/78, chdir 80/49, fchdir 81/50, statfs 137/43,
        fstatfs 138/44, ustat 136/-, getdents 78/-, getdents64 217/61, file_getattr 468/468,
        name_to_handle_at 303/264, getxattr 191/8, lgetxattr 192/9, fgetxattr 193/10,
        getxattrat 464/464, listxattr 194/11, llistxattr 195/12, flistxattr 196/13, listxattrat 465/465,
        statmount 457/457, listmount 458/458, listns 470/470, sysfs 139/-
        """,
    ),
    _group(
        "file events",
        "being told what others do with files",
        errno.EACCES,
        """
        inotify_init 253/-, inotify_init1 294/26, inotify_add_watch 254/27, inotify_rm_watch 255/28
        """,
    ),
    _group(
        "changing",
        "changing names, lengths, modes, times and attributes of files",
        errno.EACCES,
        """
        truncate 76/45, ftruncate 77/46, fallocate 285/47, mkdir 83/-, mkdirat 258/34, rmdir 84/-,
        unlink 87/-, unlinkat 263/35, rename 82/-, renameat 264/38, renameat2 316/276, link 86/-,
        linkat 265/37, symlink 88/-, symlinkat 266/36, mknod 133/-, mknodat 259/33, chmod 90/-,
        fchmod 91/52, fchmodat 268/53, fchmodat2 452/452, chown 92/-, fchown 93/55, lchown 94/-,
        fchownat 260/54, utime 132/-, utimes 235/-, futimesat 261/-, utimensat 280/88, setxattr 188/5,
        lsetxattr 189/6, fsetxattr 190/7, setxattrat 463/463, removexattr 197/14, lremovexattr 198/15,
        fremovexattr 199/16, removexattrat 466/466, file_setattr 469/469, umask 95/166
        """,
    ),
    _group(
        "content",
        "reading and writing files past the ordinary way; locking them; having disks written",
        errno.EACCES,
        """
        pwrite64 18/68, preadv 295/69, pwritev 296/70, preadv2 327/286, pwritev2 328/287,
        sendfile 40/71, splice 275/76, tee 276/77, vmsplice 278/75, copy_file_range 326/285,
        sync_file_range 277/84, fsync 74/82, fdatasync 75/83, sync 162/81, syncfs 306/267, flock 73/32,
        fadvise64 221/223, readahead 187/213, cachestat 451/451
        """,
    ),
    _group(
        "new descriptors",
        "making pipes, counters, timers and files without a name",
        errno.EPERM,
        """
        dup 32/23, dup2 33/-, dup3 292/24, pipe 22/-, pipe2 293/59, eventfd 284/-, eventfd2 290/19,
        signalfd 282/-, signalfd4 289/74, timerfd_create 283/85, timerfd_settime 286/86,
        timerfd_gettime 287/87, memfd_create 319/279, memfd_secret 447/447
        """,
    ),
    _group(
        "events",
        "waiting for many descriptors, and the older asynchronous reading and writing",
        errno.EPERM,
        """
        select 23/-, pselect6 270/72, epoll_create 213/-, epoll_create1 291/20, epoll_ctl 233/21,
        epoll_wait 232/-, epoll_pwait 281/22, io_setup 206/0, io_destroy 207/1, io_submit 209/2,
        io_cancel 210/3, io_getevents 208/4, io_pgetevents 333/292
        """,
    ),
    _group(
        "timers",
        "signals at a later time, and waiting for signals",
        errno.EPERM,
        """
        alarm 37/-, pause 34/-, setitimer 38/103, getitimer 36/102, timer_create 222/107,
        timer_settime 223/110, timer_gettime 224/108, timer_getoverrun 225/109, timer_delete 226/111,
        rt_sigpending 127/136, rt_sigtimedwait 128/137, rt_sigsuspend 130/133
        """,
    ),
    _group(
        "newer variants",
        "newer variants of older calls: refused as if the kernel were older, so that C libraries use those",
        errno.ENOSYS,
        """
        close_range 436/436, faccessat2 439/439, openat2 437/437, epoll_pwait2 441/441,
        futex_waitv 449/449, futex_wake 454/454, futex_wait 455/455, futex_requeue 456/456,
        rseq_slice_yield 471/471
        """,
    ),
    _group(
        "special memory",
        "locking memory, binding it to a node or a key, flushing and remapping it",
        errno.EPERM,
        """
        mlock 149/228, mlock2 325/284, mlockall 151/230, munlock 150/229, munlockall 152/231,
        mincore 27/232, msync 26/227, remap_file_pages 216/234, pkey_alloc 330/289, pkey_free 331/290,
        pkey_mprotect 329/288, mbind 237/235, set_mempolicy 238/237, get_mempolicy 239/236,
        set_mempolicy_home_node 450/450, mseal 462/462, map_shadow_stack 453/453, membarrier 324/283
        """,
    ),
    _group(
        "threads",
        "new threads, by its flags also processes: refused as if the kernel had none, so that libraries "
        "compute without",
        errno.ENOSYS,
        """
        clone 56/220
        """,
    ),
    _group(
        "processes",
        "new processes, and waiting for their end",
        errno.EPERM,
        """
        fork 57/-, vfork 58/-, wait4 61/260, waitid 247/95
        """,
    ),
    _group(
        "programs",
        "becoming another program",
        errno.EPERM,
        """
        execve 59/221, execveat 322/281
        """,
    ),
    _group(
        "signals to others",
        "signals to other processes and threads",
        errno.EPERM,
        """
        rt_sigqueueinfo 129/138, rt_tgsigqueueinfo 297/240, pidfd_send_signal 424/424,
        pidfd_open 434/434
        """,
    ),
    _group(
        "other processes",
        "groups, priorities, processors and memory of other processes",
        errno.EPERM,
        """
        setsid 112/157, getsid 124/156, setpgid 109/154, getpgid 121/155, setpriority 141/140,
        getpriority 140/141, sched_setscheduler 144/119, sched_getscheduler 145/120,
        sched_setparam 142/118, sched_getparam 143/121, sched_setattr 314/274, sched_getattr 315/275,
        sched_setaffinity 203/122, sched_get_priority_max 146/125, sched_get_priority_min 147/126,
        sched_rr_get_interval 148/127, ioprio_set 251/30, ioprio_get 252/31, migrate_pages 256/238,
        move_pages 279/239, get_robust_list 274/100, process_mrelease 448/448
        """,
    ),
    _group(
        "rights",
        "users, groups, capabilities, limits",
        errno.EPERM,
        """
        setuid 105/146, setgid 106/144, setreuid 113/145, setregid 114/143, setresuid 117/147,
        setresgid 119/149, getresuid 118/148, getresgid 120/150, setfsuid 122/151, setfsgid 123/152,
        getgroups 115/158, setgroups 116/159, capget 125/90, capset 126/91, setrlimit 160/164,
        personality 135/92
        """,
    ),
    _group(
        "locks",
        "this lock itself, and others of its kind",
        errno.EPERM,
        """
        seccomp 317/277, landlock_create_ruleset 444/444, landlock_add_rule 445/445,
        landlock_restrict_self 446/446, lsm_get_self_attr 459/459, lsm_set_self_attr 460/460,
        lsm_list_modules 461/461
        """,
    ),
    _group(
        "answering",
        "accepting on a listener, and talking to whom was accepted",
        errno.EACCES,
        """
        accept 43/202, accept4 288/242, recvfrom 45/207, sendto 44/206, shutdown 48/210,
        getpeername 52/205, setsockopt 54/208, getsockopt 55/209
        """,
    ),
    _group(
        "sockets",
        "new sockets and connections",
        errno.EACCES,
        """
        socket 41/198, socketpair 53/199, connect 42/203, bind 49/200, listen 50/201
        """,
    ),
    _group(
        "messages",
        "messages, which can carry an address or a descriptor",
        errno.EACCES,
        """
        sendmsg 46/211, sendmmsg 307/269, recvmsg 47/212, recvmmsg 299/243
        """,
    ),
    _group(
        "shared",
        "memory, queues and semaphores shared with other programs (System V and POSIX)",
        errno.EPERM,
        """
        shmget 29/194, shmat 30/196, shmdt 67/197, shmctl 31/195, msgget 68/186, msgsnd 69/189,
        msgrcv 70/188, msgctl 71/187, semget 64/190, semop 65/193, semtimedop 220/192, semctl 66/191,
        mq_open 240/180, mq_unlink 241/181, mq_timedsend 242/182, mq_timedreceive 243/183,
        mq_notify 244/184, mq_getsetattr 245/185
        """,
    ),
    _group(
        "back doors",
        "calls that do what others are refused, or reach into another process or the kernel",
        errno.EPERM,
        """
        io_uring_setup 425/425, io_uring_enter 426/426, io_uring_register 427/427, ptrace 101/117,
        process_vm_readv 310/270, process_vm_writev 311/271, process_madvise 440/440,
        pidfd_getfd 438/438, kcmp 312/272, bpf 321/280, perf_event_open 298/241, userfaultfd 323/282,
        add_key 248/217, request_key 249/218, keyctl 250/219
        """,
    ),
    _group(
        "system",
        "the computer as a whole: mounts, namespaces, modules, clock, swap, devices",
        errno.EPERM,
        """
        unshare 272/97, setns 308/268, mount 165/40, umount2 166/39, pivot_root 155/41, chroot 161/51,
        move_mount 429/429, fsopen 430/430, fsconfig 431/431, fsmount 432/432, fspick 433/433,
        open_tree 428/428, open_tree_attr 467/467, mount_setattr 442/442, init_module 175/105,
        finit_module 313/273, delete_module 176/106, kexec_load 246/104, kexec_file_load 320/294,
        open_by_handle_at 304/265, fanotify_init 300/262, fanotify_mark 301/263, swapon 167/224,
        swapoff 168/225, reboot 169/142, acct 163/89, iopl 172/-, ioperm 173/-, modify_ldt 154/-,
        quotactl 179/60, quotactl_fd 443/443, syslog 103/116, sethostname 170/161,
        setdomainname 171/162, settimeofday 164/170, clock_settime 227/112, adjtimex 159/171,
        clock_adjtime 305/266, vhangup 153/58, lookup_dcookie 212/18
        """,
    ),
    _group(
        "clone3",
        "its flags are behind a pointer, where a filter cannot look; C libraries fall back to `clone`",
        errno.ENOSYS,
        """
        clone3 435/435
        """,
    ),
    _group(
        "obsolete",
        "what kernels no longer have or never had, and what only the kernel's own tracing calls",
        errno.ENOSYS,
        """
        create_module 174/-, get_kernel_syms 177/-, query_module 178/-, uselib 134/-, nfsservctl 180/42,
        getpmsg 181/-, putpmsg 182/-, afs_syscall 183/-, tuxcall 184/-, security 185/-, vserver 236/-,
        _sysctl 156/-, epoll_ctl_old 214/-, epoll_wait_old 215/-, set_thread_area 205/-,
        get_thread_area 211/-, uretprobe 335/-, uprobe 336/-
        """,
    ),
)

NUMBERS: Mapping[str, Numbers] = {call: numbers for group in GROUPS for call, numbers in group.calls.items()}


@dataclass(frozen=True, slots=True)
class Architecture:
    """One ABI of the kernel.

    Attributes:
        name: as `uname -m` says it.
        audit_token: its `AUDIT_ARCH_*` value.
        column: its place in the table of numbers.
    """

    name: str
    audit_token: int
    column: int

    def number(self, call: str) -> int:
        """The number of a call that this machine has.

        Raises:
            KeyError: the machine has no such call, or the table does not list it.
        """
        number = NUMBERS[call][self.column]
        if number is None:
            raise KeyError(f"{self.name} has no system call {call}")
        return number

    def table(self) -> dict[str, int]:
        """Every call that this machine has, with its number."""
        numbers = ((call, row[self.column]) for call, row in NUMBERS.items())
        return {call: number for call, number in numbers if number is not None}


X86_64 = Architecture("x86_64", 0xC000003E, 0)
AARCH64 = Architecture("aarch64", 0xC00000B7, 1)


def current() -> Architecture | None:
    """The architecture that this process runs on, or None when the lock does not know it."""
    # A 32-bit Python on a 64-bit kernel speaks another ABI: its calls would be killed, so it gets no lock.
    if struct.calcsize("P") != 8:
        return None
    return {known.name: known for known in (X86_64, AARCH64)}.get(os.uname().machine)

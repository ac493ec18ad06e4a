"""File systems by kind: which of them report changes and which have to be polled."""


_REMOTE = frozenset(
    """9p acfs afpfs afs beegfs ceph cifs coda davfs drvfs fuse glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2
    orangefs prl_fs pvfs2 smb2 smb3 smbfs vboxsf virtiofs vmhgfs webdav""".split()  # noqa: SIM905 - a table
)


def is_remote_kind(kind: str) -> bool:
    """Whether others can change such a file system without this kernel noticing: networks, shares, FUSE.

    A FUSE file system on a local disk (`fuseblk`: ntfs-3g, exfat) is changed by this kernel alone.
    """
    return kind in _REMOTE or kind.startswith("fuse.")

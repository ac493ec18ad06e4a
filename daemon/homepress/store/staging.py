"""Writing a result beside the place where it will be, and proving that the disk has it."""

import os
import time
from pathlib import Path

from homepress.store import metadata
from homepress.store.errors import Refusal, VerifyFailed, shown
from homepress.store.kernel import Folder, Kernel, sha256_of, write_whole
from homepress.store.names import new_job, temp_name
from homepress.store.plan import Kind, Metadata, Plan
from homepress.store.receipt import Replacement, Source


def make_plan(
    kind: Kind, source: Source, replacement: Replacement, target: Path, carried: Metadata, vault: bytes
) -> Plan:
    """The plan of one result.

    Args:
        kind: what is done with it.
        source: as it was read.
        replacement: the result.
        target: where it goes.
        carried: attributes of the source.
        vault: where the original will be kept, empty when the source stays.
    """
    return Plan(
        job=new_job(),
        kind=kind,
        time=time.time(),
        path=os.fsencode(source.path),
        target=os.fsencode(target),
        root=None if replacement.root is None else os.fsencode(replacement.root),
        vault=vault,
        source_sha256=source.sha256,
        source_size=source.identity.size,
        source_inode=source.identity.inode,
        metadata=carried,
        result_sha256=replacement.sha256,
        result_size=len(replacement.data),
        image_format=replacement.image_format,
        score=replacement.score,
        score_kind=replacement.score_kind,
        settings=replacement.settings,
        seconds=replacement.seconds,
        keep_days=replacement.keep_days,
    )


def check_result(source: Source, replacement: Replacement) -> None:
    """That there is a result, and that it is another file than its source.

    Where both hold the same bytes, content no longer tells one from the other, and nothing after this could
    say which of them is the original.

    Raises:
        Refusal: it is empty, or the source itself.
    """
    if not replacement.data:
        raise Refusal(f"{shown(source.path)}: its result is empty; the picture stays as it is")
    if replacement.sha256 == source.sha256 or replacement.data == source.data:
        raise Refusal(f"{shown(source.path)}: its result is the same file; there is nothing to replace")


def stage(kernel: Kernel, folder: Folder, plan: Plan, data: bytes, *, exactly: bool) -> None:
    """Write the result under its temp name: content, attributes, flushed, read back.

    Args:
        kernel: the system.
        folder: of the target.
        plan: what is being done.
        data: the result.
        exactly: refuse when an attribute cannot be kept, instead of keeping what fits.

    Raises:
        Refusal: an attribute cannot be kept.
        VerifyFailed: what the disk gives back is not what the worker verified.
        OSError: no space and the like.
    """
    fd = kernel.create_file(folder, temp_name(plan.job))
    try:
        write_whole(kernel, fd, data)
        if exactly:
            metadata.apply(kernel, fd, plan.metadata, str(plan))
        else:
            metadata.apply_what_fits(kernel, fd, plan.metadata)
        kernel.sync(fd)
        if sha256_of(kernel, fd) != plan.result_sha256:
            raise VerifyFailed(
                f"{shown(plan.target)}: the result reads back differently from what was written: "
                "check the disk"
            )
    finally:
        kernel.close(fd)

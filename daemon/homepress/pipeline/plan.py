"""From the words of the settings to a plan for pictures."""

from pathlib import Path

from homepress.base.formats import ImageType
from homepress.compress.model import MetadataPolicy, Recipe
from homepress.pipeline.job import Destination, Plan
from homepress.settings import FolderSettings

_PALETTE_BELOW = 90.0
"""From this floor on a PNG keeps its full colours: a palette that passes there is rare and slow to find."""


def plan_for(folder: FolderSettings, root: Path, *, destination: Destination | None = None) -> Plan:
    """The plan of a configured folder.

    Args:
        folder: its settings, preset applied.
        root: the folder itself, resolved.
        destination: overrides what `folder.mode` says, for dry runs.
    """
    output = folder.mode == "output"
    floor = folder.quality.floor
    recipe = Recipe(
        floor=floor,
        palette=floor is not None and floor < _PALETTE_BELOW,
        metadata=MetadataPolicy(folder.metadata),
        max_edge=folder.max_edge,
        fit_under=folder.fit_under.bytes,
    )
    return Plan(
        recipe=recipe,
        settings=_in_words(folder),
        destination=destination or (Destination.OUTPUT if output else Destination.REPLACE),
        convert={ImageType(a): ImageType(b) for a, b in folder.convert.items()},
        output=folder.output if output else None,
        root=root,
        keep_days=folder.originals_keep_days,
    )


def _in_words(folder: FolderSettings) -> str:
    """What decides a result, as kept in the history: equal texts mean equal recipes."""
    parts = [str(folder.quality)]
    if folder.metadata != "keep":
        parts.append(f"metadata {folder.metadata}")
    if folder.max_edge:
        parts.append(f"at most {folder.max_edge} pixels")
    if folder.fit_under.bytes:
        parts.append(f"at most {folder.fit_under}")
    parts += [f"{a} to {b}" for a, b in sorted(folder.convert.items())]
    return ", ".join(parts)

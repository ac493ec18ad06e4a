"""What may still be asked of a codec that gave a wrong answer when it was checked."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from homepress.base.formats import ImageType
from homepress.compress.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Fault:
    """A codec that gave a wrong answer.

    Attributes:
        image_type: the format that is not to be trusted.
        even_lossless: whether its lossless coding, too, is not.
        what: what went wrong, for people.
    """

    image_type: ImageType
    even_lossless: bool
    what: str

    def __str__(self) -> str:
        what_now = "left alone" if self.even_lossless else "compressed without loss only"
        return f"{self.image_type.value.upper()} pictures are {what_now}: {self.what}"


def trusted(recipe: Recipe, image_type: ImageType, faults: Sequence[Fault]) -> Recipe | None:
    """What may still be asked for a picture after a check: without loss only, or (None) nothing.

    Args:
        recipe: what the user asks.
        image_type: format of the source.
        faults: what the check found.
    """
    if obstacles(recipe, image_type, faults):
        return None
    if any(fault.image_type is (recipe.convert_to or image_type) for fault in faults):
        return dataclasses.replace(recipe, floor=None)
    return recipe


def obstacles(recipe: Recipe, image_type: ImageType, faults: Sequence[Fault]) -> list[Fault]:
    """The faults for which a picture is left alone."""
    concerned = (image_type, recipe.convert_to or image_type)
    return [fault for fault in faults if fault.even_lossless and fault.image_type in concerned]

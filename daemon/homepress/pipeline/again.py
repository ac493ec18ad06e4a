"""Content that was met before: what may still be asked of it."""

import dataclasses

from homepress.compress.model import MetadataPolicy, Recipe
from homepress.pipeline.job import Destination, Job
from homepress.store.model import Role


def wants_known(job: Job, role: Role) -> bool:
    """Whether a folder wants content that is known all the same.

    An output folder mirrors all of its source; where tags are to be taken out, they are taken out of our own
    results too. What a user took back is left alone everywhere.
    """
    if job.plan.destination is Destination.OUTPUT:
        return role is not Role.KEPT
    return role is Role.RESULT and job.plan.recipe.metadata is not MetadataPolicy.KEEP


def wants_result(job: Job, recipe: Recipe) -> bool:
    """Whether more is asked of a result of ours than a floor, which it has."""
    bare = recipe.metadata is not MetadataPolicy.KEEP
    return job.plan.destination is Destination.OUTPUT or bare or is_reshaped(recipe)


def is_reshaped(recipe: Recipe) -> bool:
    """Whether a recipe asks for another size or format."""
    return bool(recipe.max_edge or recipe.fit_under or recipe.convert_to)


def without_more_loss(recipe: Recipe, job: Job) -> Recipe:
    """The recipe for a result of ours: no second lossy generation, but where another size or format is asked.

    A picture that is replaced is not asked for by name; its size and format were settled where it was made.
    """
    if is_reshaped(recipe) and (job.asked or job.plan.destination is Destination.OUTPUT):
        return recipe
    return dataclasses.replace(recipe, floor=None, palette=False, max_edge=0, fit_under=0, convert_to=None)

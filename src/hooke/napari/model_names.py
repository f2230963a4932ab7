"""Lists the models that segment, for a widget to choose from."""

from __future__ import annotations

from hooke.classify.classifier_files import task_of
from hooke.errors import HookeError
from hooke.models import known_models
from hooke.models.registry import AUTO_MODEL


def model_names(*, automatic: bool = True) -> list[str]:
    """Names of the models that segment, the automatic choice first where it is wanted.

    Examples
    --------
    >>> model_names()[:4]
    ['auto', 'cells', 'micronuclei', 'nuclei']
    """
    names = [name for name in known_models() if _task(name) == "segmentation"]
    return [AUTO_MODEL, *names] if automatic else names


def _task(name: str) -> str:
    try:
        return task_of(name)
    except HookeError:
        return ""

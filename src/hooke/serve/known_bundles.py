"""Lists the models and classifiers that clients can choose by name: hooke's, the user's, and those learnt here."""

from __future__ import annotations

import contextlib
import shutil
from itertools import count
from pathlib import Path
from typing import Literal

from hooke.classify import Classifier, load_classifier
from hooke.classify.classifier_files import task_of
from hooke.errors import HookeError
from hooke.models import describe_models
from hooke.models.description import describe_model
from hooke.models.registry import AUTO_MODEL, find_model, known_models
from hooke.models.tuned import find_parent, is_tuned
from hooke.serve.answers import ApiError, not_there
from hooke.serve.api_models import ModelInfo

_AUTO = "nuclei, or cells in phase contrast: chosen by the image"


class KnownBundles:
    """Models by name; a path is never taken from a client.

    Parameters
    ----------
    folder : Path
        Of the models that were learnt here.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def models(self) -> list[ModelInfo]:
        """Models that segment, the automatic choice first."""
        described = [*describe_models(), *(describe_model(name, path) for name, path in self._own().items())]
        usable = [
            ModelInfo(name=one.name, description=one.kind, kind="shipped" if one.shipped else self._kind(one.name))
            for one in described
            if not one.error and self._task(one.name) == "segmentation"
        ]
        return [ModelInfo(name=AUTO_MODEL, description=_AUTO, kind="shipped"), *usable]

    def classifiers(self) -> list[ModelInfo]:
        """Models that predict the class of each object."""
        names = [name for name in (*known_models(), *self._own()) if self._task(name) == "classifier"]
        return [ModelInfo(name=name, description=", ".join(self._load(name).classes)) for name in names]

    def find(self, name: str | None) -> str:
        """Give what `hooke.models.load_model` takes for a model's name; None is the automatic choice.

        Raises
        ------
        ApiError
            When there is no such model.
        """
        if name is None or name == AUTO_MODEL:
            return AUTO_MODEL
        own = self._own()
        if name in own:
            return str(own[name])
        if name in known_models():
            return name
        known = ", ".join([AUTO_MODEL, *known_models(), *own])
        raise ApiError(422, f"there is no model {name[:60]!r}", f"choose one of: {known}")

    def find_classifier(self, name: str | None) -> Classifier | None:
        """Load a classifier of objects by its name; None for none.

        Raises
        ------
        ApiError or HookeError
            When there is no such model, or it classifies no objects.
        """
        return None if name is None else self._load(name)

    def new_path(self, name: str | None, kind: str) -> Path:
        """Give the folder of a new model; without a name, one such as ``tuned-1``.

        Raises
        ------
        ApiError
            When there is a model of this name.
        """
        taken = {one.casefold() for one in (*self._own(), *known_models(), AUTO_MODEL)}
        if name is None:
            name = next(own for number in count(1) if (own := f"{kind}-{number}") not in taken)
        if name.casefold() in taken:
            raise ApiError(409, f"there is a model {name}", "choose another name")
        return self.folder / name

    def delete(self, name: str) -> None:
        """Delete a model that was learnt here.

        Raises
        ------
        ApiError
            When there is none of this name here (hooke's own and those of the user's folder stay), or another model
            here was tuned from it and has no weights of its own.
        """
        path = self._own().get(name)
        if path is None:
            if name in known_models() or name == AUTO_MODEL:
                raise ApiError(403, f"{name} was not learnt here", "only models that were learnt here can be deleted")
            raise not_there("such model")
        if (child := self._tuned_from(path)) is not None:
            raise ApiError(409, f"the model {child} has its weights from {name}", f"delete {child} first")
        gone = path.with_name(f".{path.name}.deleted")  # a server that is killed here leaves no half model
        shutil.rmtree(gone, ignore_errors=True)
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        path.with_name(f"{path.name}-report.html").unlink(missing_ok=True)  # that adapting writes beside it

    def _tuned_from(self, parent: Path) -> str | None:
        """Name of a model here that has its weights from another one."""
        for name, path in self._own().items():
            with contextlib.suppress(HookeError):
                if is_tuned(path) and find_parent(path, find_model).resolve() == parent.resolve():
                    return name
        return None

    def _kind(self, name: str) -> Literal["own", "tuned", "adapted"]:
        path = self._own().get(name)
        return "own" if path is None else "tuned" if is_tuned(path) else "adapted"

    def _load(self, name: str) -> Classifier:
        return load_classifier(self.find(name))

    def _task(self, name: str) -> str:
        try:
            return task_of(self.find(name))
        except HookeError:
            return ""

    def _own(self) -> dict[str, Path]:
        if not self.folder.is_dir():
            return {}
        return {
            path.name: path
            for path in sorted(self.folder.iterdir())
            if (path / "rdf.yaml").is_file() and not path.name.startswith(".")
        }

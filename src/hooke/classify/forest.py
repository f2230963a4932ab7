"""Classifies objects by measured features with randomised trees, without a network.

```
FOLDER/
  classifier.yaml    classes, names of the features, what it was trained on
  forest.json        the nodes of its trees: see hooke.classify.trees
```
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from hooke.classify.classify_objects import Classifier
from hooke.classify.features import measure_features
from hooke.classify.intensity import FeatureIntensity
from hooke.classify.trees import Forest, grow_forest
from hooke.classify.windows import Positions
from hooke.errors import ConfigError, ModelError, OutputError
from hooke.image import Image
from hooke.io.yaml_text import parse_yaml
from hooke.labels.classes import Classes
from hooke.preprocess import Normalisation

DESCRIPTION, _FOREST = "classifier.yaml", "forest.json"
TREES = 300


class ForestSettings(BaseModel):
    """What ``classifier.yaml`` holds."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    task: Literal["features"] = "features"
    format: int = Field(default=1, le=1)
    name: str
    classes: list[str] = Field(min_length=2)
    features: list[str] = Field(min_length=1)
    intensity: FeatureIntensity = "nuclei"
    modes: list[Literal["grey", "rgb", "channels"]] = Field(
        default_factory=list, description="modes of the training images; none: any"
    )
    examples: dict[str, int] = Field(default_factory=dict, description="training objects per class")
    channels: list[str] = Field(default_factory=list, description="names of the channels in their order; none: unknown")


class ForestClassifier(Classifier):
    """Randomised trees on features of objects.

    Parameters
    ----------
    settings : ForestSettings
    forest : Forest
    path : Path, optional
        Where it came from, for the errors.
    """

    needs_masks = True
    percentiles = (1.0, 99.8)

    def __init__(self, settings: ForestSettings, forest: Forest, path: Path | None = None) -> None:
        self.settings = settings
        self.forest = forest
        self.path = path
        self.name = settings.name
        self.checksum = hashlib.sha256(forest.threshold.tobytes()).hexdigest()
        self.intensity = settings.intensity
        self.modes: tuple[str, ...] = tuple(settings.modes)
        self.channels = tuple(settings.channels)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of the probabilities."""
        return tuple(self.settings.classes)

    def oversized(self, objects: Positions) -> NDArray[np.bool_]:
        """Which objects are too large: none, for features have no window."""
        return np.zeros(len(objects), np.bool_)

    def predict(self, features: pd.DataFrame) -> NDArray[np.float32]:
        """Mean vote of the trees for each class, shape (n, K).

        Raises
        ------
        ModelError
            When the features are not those that it was trained on.
        """
        if list(features.columns) != self.settings.features:
            raise ModelError(
                "was trained on other features: the images have other channels",
                path=self.path,
                remedy="choose the channel by --channel, or train on such images",
            )
        return self.forest.predict(features.to_numpy(np.float32))

    def classify(
        self,
        image: Image,
        normalisation: Normalisation,
        labels: NDArray[np.int32] | None,
        objects: Positions,
        threads: int = 0,
    ) -> Classes:
        """Predict the class of each object from its features."""
        assert labels is not None
        shares = self.predict(measure_features(normalisation.apply(image.pixels), labels))
        return Classes(self.classes, shares[np.isin(np.unique(labels[labels > 0]), objects.ids)])

    def save(self, folder: str | Path) -> Path:
        """Write the classifier to a folder, whole or not at all.

        Raises
        ------
        OutputError
            When something else than a classifier is there.
        """
        folder = Path(folder)
        if folder.exists() and not (folder / DESCRIPTION).is_file() and (folder.is_file() or any(folder.iterdir())):
            raise OutputError("is there already and is not a classifier", path=folder, remedy="give a new folder")
        fresh = folder.with_name(folder.name + ".partial")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            fresh.mkdir(parents=True)
            (fresh / _FOREST).write_text(json.dumps(self.forest.to_dict()), encoding="utf-8")
            text = yaml.safe_dump(self.settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
            (fresh / DESCRIPTION).write_text(text, encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            fresh.replace(folder)
        except OSError as error:
            raise OutputError(f"can't be written: {error}", path=folder, remedy="choose another folder") from error
        return folder


def train_forest(
    features: pd.DataFrame,
    classes: Sequence[str],
    *,
    name: str = "features",
    modes: Sequence[Literal["grey", "rgb", "channels"]] = (),
    intensity: FeatureIntensity = "nuclei",
    channels: Sequence[str] = (),
    trees: int = TREES,
    seed: int = 0,
) -> ForestClassifier:
    """Grow randomised trees; rare classes weigh as much as frequent ones.

    Parameters
    ----------
    features : DataFrame
        A row per object.
    classes : sequence of str
        Class of each.
    name : str
    modes : sequence of str
        Kinds of images that they come from.
    intensity : {"nuclei", "colours", "stored", "channels"}
        How the images were seen.
    channels : sequence of str
        Names of the channels that features were measured in, in their order; none where they are not known.
    trees : int
    seed : int

    Raises
    ------
    ConfigError
        With fewer than two classes.
    """
    names, index, counts = np.unique(np.asarray(classes, str), return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise ConfigError(
            f"{len(names)} class(es) to learn: {', '.join(names) or 'none'}", remedy="give examples of two or more"
        )
    weights = (len(index) / (len(names) * counts))[index]
    forest = grow_forest(features.to_numpy(np.float32), index, weights, trees=trees, rng=np.random.default_rng(seed))
    settings = ForestSettings(
        name=name,
        classes=names.tolist(),
        features=list(features.columns),
        intensity=intensity,
        modes=sorted(set(modes)),
        examples=dict(zip(names.tolist(), counts.tolist(), strict=True)),
        channels=list(channels),
    )
    return ForestClassifier(settings, forest)


def load_forest(folder: str | Path) -> ForestClassifier:
    """Load what `ForestClassifier.save` has written.

    Raises
    ------
    ModelError
        When it is incomplete or corrupt.
    """
    folder = Path(folder)
    remedy = "train it again with hooke classify train"
    try:
        settings = ForestSettings.model_validate(parse_yaml((folder / DESCRIPTION).read_bytes(), folder, DESCRIPTION))
        forest = Forest.from_dict(json.loads((folder / _FOREST).read_text(encoding="utf-8")))
    except ModelError:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ModelError(f"can't be read: {reason}", path=folder, remedy=remedy) from error
    if forest.shares.shape[1] != len(settings.classes) or forest.feature.max() >= len(settings.features):
        raise ModelError("its trees do not fit its description", path=folder, remedy=remedy)
    return ForestClassifier(settings, forest, folder)

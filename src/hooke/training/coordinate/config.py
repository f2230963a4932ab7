"""Defines the configuration of the task `coordinate`."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hooke.targets import Scheme, make_scheme
from hooke.training.config import RunConfig


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ViewConfig(_Strict):
    """How a whole image is changed before it is learnt from."""

    zoom: float = Field(1.25, ge=1, description="largest random enlargement; what leaves the frame is cut off")
    photometric: float = Field(0.7, ge=0, le=2, description="strength of intensity and colour changes")


class QueryConfig(_Strict):
    """Which positions of an image are queried in training."""

    count: int = Field(1024, ge=8, description="queries per image")
    positive: float = Field(0.35, ge=0, le=1, description="share of queries in a cell")
    near: float = Field(0.35, ge=0, le=1, description="share of queries next to a cell, the hard ones")
    reach: float = Field(
        0.7, gt=0, description="largest distance of these from a cell, as a share of the nominal diameter"
    )


class CoordinateConfig(RunConfig):
    """A run of the task `coordinate`: a network that is queried at (x, y) positions."""

    kind: Literal["coordinate"] = "coordinate"
    name: str = "coordinate"
    frame: int = Field(448, ge=64, multiple_of=16, description="longer side that whole images are resized to, pixels")
    nominal_diameter: float = Field(18.0, gt=0, description="typical diameter of the objects in that frame")
    in_channels: Literal[1, 3] = Field(3, description="3: colours, or grey three times; 1: grey, colours averaged")

    width: int = Field(24, ge=4, description="channels of the local encoder's finest features")
    features: int = Field(24, ge=1, description="channels of the feature maps that patches are pooled from")
    patch: float = Field(24.0, gt=0, description="side of the patch around a query, pixels of the frame")
    bins: int = Field(5, ge=1, description="bins along each axis that a patch is pooled to")
    head: int = Field(64, ge=4, description="width of the head")
    no_global: bool = Field(False, description="leave out the global encoder")
    no_coordinate: bool = Field(False, description="leave out the query's coordinate")
    no_patch: bool = Field(False, description="leave out the local encoder and its patches")

    augment: ViewConfig = ViewConfig()
    queries: QueryConfig = QueryConfig()
    centre_weight: float = Field(2.0, ge=0, description="weight of the loss of the centre map")
    query_step: int = Field(2, ge=1, description="pixels of the frame between queries when the model is used")
    decode: dict[str, Any] = Field(default_factory=dict, description="parameters of the target scheme `coordinate`")

    batch: int = Field(8, ge=1)
    steps: int = Field(1500, ge=1)

    # The network learns no classes; list_records reads this.
    object_classes: ClassVar[list[str]] = []
    image_classes: ClassVar[list[str]] = []
    image_class_column: ClassVar[str] = "modality"

    @property
    def parameters(self) -> dict[str, Any]:
        """Of the target scheme, as a bundle stores them."""
        return {"nominal_diameter": self.nominal_diameter, **self.decode}

    @property
    def scheme(self) -> Scheme:
        """The target scheme.

        Raises
        ------
        ModelError
            When `decode` holds what the scheme does not know.
        """
        return make_scheme("coordinate", self.parameters)

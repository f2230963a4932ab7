"""Defines what the interface takes and gives, as pydantic models: its OpenAPI schema is made of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

JobKind = Literal["segment", "suggest", "tune", "adapt", "track"]
ImageState = Literal["new", "segmented", "corrected"]
JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
Action = Literal["delete", "merge", "split", "draw", "erase", "fill", "grow", "reclass"]
#: Rows and columns of the largest image that a label file can hold.
_SIDE = 2**31 - 1
#: Top, left, bottom and right in pixels, half-open. A list: not every reader of OpenAPI knows those of fixed types.
Box = Annotated[list[int], Field(min_length=4, max_length=4)]
Pair = Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]


class _Strict(BaseModel):
    """What clients send: unknown keys are refused, and true and false are not numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ErrorAnswer(BaseModel):
    """What is wrong, and what to do about it."""

    error: str
    remedy: str = ""


class ModelInfo(BaseModel):
    """A model that can be chosen by name."""

    name: str
    description: str
    kind: Literal["shipped", "own", "tuned", "adapted"] = "own"


class Limits(BaseModel):
    """What the server takes at most."""

    upload_bytes: int
    pixels: int
    jobs: int
    keep_days: float = Field(0, description="After its last use that an image is kept; 0: for good.")
    folder_bytes: int = Field(0, description="Of all images of the work folder; 0: any number.")


class ServerInfo(BaseModel):
    """What the server is and can do."""

    version: str
    models: list[ModelInfo]
    classifiers: list[ModelInfo]
    limits: Limits
    adapt: bool
    track: bool
    tokens: bool
    paths: bool


class Channel(BaseModel):
    """A channel and how it is shown until the user decides otherwise."""

    name: str
    low: float
    high: float
    colour: str


class Planes(BaseModel):
    """Number of planes of a stack in depth and time."""

    z: int = 1
    t: int = 1


class Chosen(BaseModel):
    """What a segmentation was made with, and why."""

    model: str
    channel: str
    diameter: float | None
    why: str


class CorrectedPart(BaseModel):
    """What of an image is corrected: all of a plane, or a region of it."""

    plane: int
    region: Box | None = None


class ImageInfo(BaseModel):
    """An image in the work folder."""

    id: str
    name: str
    height: int
    width: int
    channels: list[Channel]
    planes: Planes
    axes: str = ""
    plane_count: int = 1
    is_rgb: bool
    pixel_size_um: Pair | None
    levels: int
    state: ImageState
    revision: int
    warnings: list[str]
    count: int
    counts: list[int]
    condition: str
    corrected: list[CorrectedPart]
    chosen: Chosen | None
    can_undo: bool
    can_redo: bool


class ImageChange(_Strict):
    """What a client can change of an image's description."""

    condition: str = Field(max_length=80, description="Of the sample, such as a treatment: images are grouped by it.")


class Refused(BaseModel):
    """An upload that was not taken."""

    name: str
    error: str
    remedy: str


class Uploaded(BaseModel):
    """What came of an upload."""

    images: list[ImageInfo]
    refused: list[Refused]


class ImageList(BaseModel):
    """All images."""

    images: list[ImageInfo]


class LocalPath(_Strict):
    """A file on the server's machine."""

    path: str = Field(min_length=1, max_length=4096)


class JobOptions(_Strict):
    """How a job is done; what is left out is chosen by hooke."""

    model: str | None = Field(None, max_length=100, description="Name of a model, as /api/models lists them.")
    channel: int | str | None = Field(None, description="Number (0 is the first) or name of the channel.")
    diameter: float | str | None = Field(None, description="Pixels, micrometres as 8um, or auto.")
    min_size: FiniteFloat | None = Field(None, ge=0)
    min_score: FiniteFloat | None = Field(None, ge=0, le=1)
    grow: FiniteFloat | None = None
    tta: bool = False
    classify: str | None = Field(None, max_length=100, description="Name of a classifier of objects.")
    class_threshold: FiniteFloat = Field(0.0, ge=0, le=1)
    count: int = Field(3, ge=1, le=100, description="How many images are suggested.")
    name: str | None = Field(None, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="Of a new model.")
    steps: int | None = Field(None, ge=1, le=100_000, description="Training steps of adapt, at most.")


class JobRequest(_Strict):
    """A job to do."""

    kind: JobKind
    images: list[str] = Field(default_factory=list, max_length=10_000)
    options: JobOptions = Field(default_factory=JobOptions)


class JobInfo(BaseModel):
    """A job and how far it is."""

    id: str
    kind: JobKind
    state: JobState
    progress: float = Field(ge=0, le=1)
    message: str
    error: str
    remedy: str = ""
    result: dict[str, Any] | None
    images: list[str]
    options: dict[str, Any]
    created: float


class JobList(BaseModel):
    """All jobs, the newest first."""

    jobs: list[JobInfo]


class TableAnswer(BaseModel):
    """A table of objects by column."""

    revision: int
    columns: dict[str, list[Any]]


class FramePlace(BaseModel):
    """Where a frame of a sequence is."""

    image: str
    plane: int


class LineageAnswer(BaseModel):
    """A sequence whose objects were tracked: its frames, and its tracks by column."""

    frames: list[FramePlace]
    tracks: dict[str, list[Any]]


class TrackPlaces(BaseModel):
    """Where tracks are in some frames, by column: track, frame, label, y and x in pixels."""

    columns: dict[str, list[Any]]


class EditRequest(_Strict):
    """An edit of a label image by hand; coordinates are (y, x) in pixels, pixel centres at integers."""

    revision: int = Field(description="Of the image that the client shows; an older one is refused.")
    plane: int = Field(0, ge=0, le=_SIDE)
    action: Action
    ids: list[int] = Field(default_factory=list, max_length=1_000_000)
    points: list[Pair] = Field(default_factory=list, max_length=100_000)
    radius: FiniteFloat | None = Field(
        None, ge=-1000, le=1000, description="Of the brush, or pixels to grow by; below 0 objects shrink."
    )
    over: bool = Field(False, description="Whether what is drawn takes pixels of other objects, too.")
    class_: str | None = Field(None, alias="class", max_length=200, description="None takes the class away.")


class EditAnswer(BaseModel):
    """What an edit changed."""

    revision: int
    plane: int
    bbox: Box
    removed: list[int]
    rows: dict[str, list[Any]]
    count: int
    state: ImageState
    can_undo: bool
    can_redo: bool


class Moved(_Strict):
    """Which state of an image an undo or redo starts from; without it, the one that is there."""

    revision: int | None = None
    plane: int | None = Field(None, ge=0, le=_SIDE, description="On show; the answer names the one that changed.")


class CorrectedRequest(_Strict):
    """Whether an image, or a region of it, is corrected."""

    corrected: bool
    plane: int | None = Field(None, ge=0, le=_SIDE)
    region: Box | None = Field(
        None, description="Top, left, bottom and right of what is corrected, pixels; all of the image without it."
    )


class CorrectedAnswer(BaseModel):
    """The corrected images."""

    count: int
    objects: int
    images: list[str]


class SegmentAnswer(BaseModel):
    """What was found in one image."""

    count: int
    chosen: Chosen | None
    warnings: list[str]
    table: dict[str, list[Any]]
    geojson: dict[str, Any]


class ModelList(BaseModel):
    """The models that can be chosen by name."""

    models: list[ModelInfo]

"""`Model`: a bundle ready to run."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError, ModelError
from hooke.image import Image
from hooke.models.bundle import Bundle, BundleSettings
from hooke.models.predict import Network, Tiling
from hooke.models.runtimes import AUTO, INT8, REFERENCE, Runtime, check_runtime
from hooke.models.segmenter import PixelSegmenter
from hooke.models.session import Session, Sessions
from hooke.models.tta import with_mirror_tta
from hooke.preprocess import Appearance, Channels, Normalisation, fit_channels, fit_normalisation
from hooke.targets import Scheme, make_scheme
from hooke.targets.coordinate import as_maps, query_grid


class Model:
    """A network with what decodes its maps.

    Parameters
    ----------
    bundle : Bundle

    Raises
    ------
    ModelError
        When the bundle's target scheme is unknown. Weights that can't be run are found at the first `network`.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        #: What `hooke.segment` takes in its place for whole cells in phase contrast, which it recognises.
        self.for_cells: Model | None = None
        #: What measures the diameter in its place, of larger objects: `BundleSettings.diameter_of`.
        self.for_diameter: Model | None = None
        settings = bundle.settings
        self.scheme: Scheme = make_scheme(settings.scheme, settings.parameters)
        self._for_colour = None if bundle.colour is None else Model(bundle.colour)
        self._sessions = Sessions(bundle.weights, bundle.path, bundle.int8)
        self._wanted = AUTO

    def __copy__(self) -> Model:
        """Share everything: the registry says how a model is sent to another process, which copying is not."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {self.bundle.settings.scheme})"

    @property
    def name(self) -> str:
        """Name in the bundle's description."""
        return self.bundle.name

    @property
    def settings(self) -> BundleSettings:
        """What the runtime must know of the network."""
        return self.bundle.settings

    @property
    def checksum(self) -> str:
        """SHA-256 of the weights, and of those within for colour images: `Bundle.checksum`."""
        return self.bundle.checksum

    @property
    def wanted_runtime(self) -> str:
        """The runtime that was asked for: see `with_runtime`."""
        return self._wanted

    @property
    def runtime(self) -> Runtime:
        """What runs the network here, and why.

        Raises
        ------
        ModelError
            When no session can be made to find that out.
        """
        return self._sessions.choose(self._wanted)

    def with_runtime(self, name: str) -> Model:
        """Give the same model, run by another runtime; the two share what is in memory.

        Parameters
        ----------
        name : str
            One of `hooke.models.RUNTIMES`. ``auto`` takes the fastest one that is here, ``onnxruntime`` is the
            reference, in 32 bits. Where the network for colour images has no int8 weights, it is run by the reference.

        Raises
        ------
        ConfigError
            When there is no such runtime, or it is not installed.
        ModelError
            When int8 is asked for and the bundle has no such weights.
        """
        if check_runtime(name) != AUTO:  # which is chosen when it is needed: it may have to be timed
            self._sessions.choose(name)
        other = copy.copy(self)
        other._wanted = name
        other._for_colour, other.for_cells, other.for_diameter = (
            part and part.with_runtime(REFERENCE if name == INT8 and part.bundle.int8 is None else name)
            for part in (self._for_colour, self.for_cells, self.for_diameter)
        )
        return other

    def with_cells(self, cells: Model) -> Model:
        """Give the same model with another for whole cells in phase contrast; what is in memory is shared."""
        other = copy.copy(self)
        other.for_cells = cells
        return other

    @property
    def finds_parts(self) -> bool:
        """Whether its objects are parts of larger ones, whose diameter another model measures."""
        return self.for_diameter is not None

    def with_diameter_by(self, other: Model | None) -> Self:
        """Give the same model, whose objects' diameter another measures, or itself; what is in memory is shared."""
        result = copy.copy(self)
        result.for_diameter = other
        return result

    def take_channels(self, image: Image) -> Image:
        """Take the channels that the network was trained on; all of them where it takes grey or colours.

        Raises
        ------
        ImageReadError
            When the image does not have these.
        """
        settings = self.settings
        return Channels(tuple(settings.channels), settings.only_channels).take(image) if settings.channels else image

    def prepare_input(
        self,
        image: Image,
        channel: int | None = None,
        *,
        fill: NDArray[np.bool_] | None = None,
        appearance: Appearance | None = None,
    ) -> tuple[Image, Normalisation]:
        """Choose what the network is shown of an image, and on which intensity scale.

        Parameters
        ----------
        image : Image
        channel : int, optional
            See `hooke.preprocess.fit_normalisation`.
        fill : ndarray of bool, shape (Y, X), optional
            Pixels that were not recorded and don't count.
        appearance : Appearance, optional
            The image's, where it was described before: see `hooke.preprocess.describe`.

        Returns
        -------
        image : Image
            See `take_channels`; each of the network's own channels gets an intensity scale of its own.
        normalisation : Normalisation
            Fitted to that.

        Raises
        ------
        ConfigError
            When there is no such channel, or one is given though the network takes its own channels.
        ImageReadError
            When the image does not have these.
        """
        settings = self.settings
        if not settings.channels:
            return image, fit_normalisation(image, channel, settings.percentiles, fill=fill, appearance=appearance)
        if channel is not None:
            named = ", ".join(map(str, settings.channels))
            raise ConfigError(f"model {self.name!r} takes channel {named} of an image", remedy="leave out --channel")
        taken = self.take_channels(image)
        return taken, fit_channels(taken, settings.percentiles, fill=fill)

    def see(
        self, image: Image, channel: int | None = None, *, fill: NDArray[np.bool_] | None = None
    ) -> tuple[Image, Normalisation]:
        """Old name of `prepare_input`."""
        warnings.warn("Model.see is now called Model.prepare_input", DeprecationWarning, stacklevel=2)
        return self.prepare_input(image, channel, fill=fill)

    def suited(self, *, colour: bool) -> Model:
        """Old name of `for_image`."""
        warnings.warn("Model.suited is now called Model.for_image", DeprecationWarning, stacklevel=2)
        return self.for_image(colour=colour)

    def for_image(self, *, colour: bool) -> Model:
        """Choose the model for an image: this one, or the one that its bundle has for colour images.

        Parameters
        ----------
        colour : bool
            Whether the image's colours are kept: `hooke.preprocess.Normalisation.keeps_colours`.
        """
        return self._for_colour if colour and self._for_colour is not None else self

    def network(self, threads: int = 1) -> Network:
        """Give the network as a function of one batch.

        Parameters
        ----------
        threads : int
            Threads that one call uses. Calls may be made from several threads at once.
        """
        session = self._sessions.get(threads, self.runtime.name)
        image, *queries = self._inputs(session)
        grey = image.shape[1] == 1
        step = self.settings.query_step or 1

        def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
            height, width = batch.shape[2:]
            if grey:
                batch = batch.mean(axis=1, keepdims=True)
            feeds = {image.name: batch}
            if queries:
                feeds[queries[0].name] = np.repeat(query_grid(height, width, step)[None], len(batch), axis=0)
            answers = self._sessions.run(session, feeds)
            if queries and answers.ndim == 3 and answers.shape[1] == -(-height // step) * -(-width // step):
                answers = as_maps(answers, height, width, step)
            if answers.ndim != 4 or answers.shape[1] < self.maps or answers.shape[2:] != (height, width):
                raise ModelError(
                    f"its network makes {answers.shape} of an image of {batch.shape}, not {self.maps} maps or more",
                    path=self.bundle.path,
                    remedy="export it again",
                )
            return answers

        return run

    def segmenter(self, threads: int = 1, *, tta: bool = False, accurate: bool = False) -> PixelSegmenter:
        """Give what segments pixels with this network.

        Parameters
        ----------
        threads : int
            Threads in all.
        tta : bool
            Whether every tile is predicted four times, mirrored, and the mean taken.
        accurate : bool
            Whether images are magnified as is best for their outlines, however long that takes.
        """

        def network(threads_per_call: int) -> Network:
            plain = self.network(threads_per_call)
            return with_mirror_tta(plain) if tta else plain

        # Maps of classes follow those of the scheme, which need not all be decoded.
        maps = self.maps if self.settings.classes else self.scheme.decoded
        own = self.settings
        band = own.accurate_band if accurate and own.accurate_band else own.diameter_band
        # Steps make results of weights in 8 bits and in 32 alike; a step more would not fit into a frame.
        exact = own.frame is not None or self.bundle.int8 is None
        return PixelSegmenter(
            network,
            self.scheme,
            band,
            maps,
            self.tiling,
            threads,
            min_size=own.min_size,
            grow=own.grow,
            exact=exact,
            visible_rim=own.visible_rim,
            turned_pixels=0 if tta else own.turned_pixels,
            smallest_share=own.smallest_share,
        )

    @property
    def tiling(self) -> Tiling:
        """How images are cut; tiles hold the whole frame of networks that are shown whole images."""
        # Tight where time counts, as weights in 8 bits show: on H&E, it costs 0.005 of the DSB score (TNBC).
        frame = self.settings.frame
        usual = Tiling(stride=self.settings.stride, tight=self.bundle.int8 is not None)
        return usual if frame is None else replace(usual, tile=max(usual.tile, frame))

    def assumed_diameter(self, height: int, width: int) -> float | None:
        """Diameter (image pixels) to assume of objects: as set, or where the network can't measure it; else None."""
        if self.settings.diameter is not None:
            return self.settings.diameter
        if self.settings.frame is not None:  # all images are resized to this size
            return self.scheme.nominal_diameter * max(height, width) / self.settings.frame
        return None if self.scheme.first_pass_maps else self.scheme.nominal_diameter

    def within_range(self, diameter: float | None) -> float | None:
        """Bring a diameter that was measured into the range that is set, if one is."""
        allowed = self.settings.diameter_range
        return diameter if allowed is None or diameter is None else min(max(diameter, allowed[0]), allowed[1])

    @property
    def maps(self) -> int:
        """How many maps its network has to make: those of the target scheme, and one for each class."""
        return len(self.scheme.maps) + len(self.settings.classes)

    def _inputs(self, session: Session) -> list[Any]:
        """Describe the network's inputs: an image of four axes, and maybe positions to query."""
        inputs = session.get_inputs()
        if not inputs or len(inputs) > 2 or len(inputs[0].shape) != 4:
            raise ModelError("its network takes no image", path=self.bundle.path, remedy="export it again")
        return inputs

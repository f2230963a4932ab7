"""Assigns the images of a run to the wells and conditions of a plate, and reports what does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from hooke.errors import ConfigError, listed, readable
from hooke.labels.spelling import spelled_alike
from hooke.plates.file_names import read_positions
from hooke.plates.plate_layout import PlateLayout, Treatment
from hooke.plates.position import Position
from hooke.plates.well import Well


@dataclass(frozen=True)
class PlateImages:
    """Images and their places on plates.

    Parameters
    ----------
    positions : tuple of Position or None
        One for each image; None where its name holds no well. No two that differ in more than channel, plane and time
        are of one field.
    treatments : tuple of Treatment
        One for each image, empty where nothing is known.
    layout : PlateLayout or None
        What was given.
    missing : tuple of (str, Well)
        Plates and wells of the layout that have no image.
    notes : tuple of str
        What does not fit, for the user.
    """

    positions: tuple[Position | None, ...]
    treatments: tuple[Treatment, ...]
    layout: PlateLayout | None
    missing: tuple[tuple[str, Well], ...] = ()
    notes: tuple[str, ...] = ()


def assign_images(
    paths: Sequence[PurePath], layout: PlateLayout | None = None, pattern: str | None = None
) -> PlateImages:
    """Find the well and the condition of each image by its file name.

    Parameters
    ----------
    paths : sequence of PurePath
        The images, without previews (see `without_previews`).
    layout : PlateLayout, optional
        Conditions of the wells; without it those that the pattern finds in the names.
    pattern : str, optional
        How the names are made, where hooke does not know it: see `compile_pattern`.

    Raises
    ------
    ConfigError
        When no name holds a well, no well is in the layout, or the files of several channels are there, each of which
        would be counted.
    """
    read = read_positions(paths, pattern)
    if not any(position is not None for position in read):
        remedy = "give their pattern, such as --wells '{well}_{site}_*'"
        raise ConfigError(f"no file name holds a well, such as {paths[0].name!r}", remedy=remedy)
    _check_channels(read)
    if layout is not None and layout.plates:
        read = _with_plates_of(layout, paths, read)
    positions, double = _one_field_each(paths, read)
    treatments = [_treatment(layout, position) for position in positions]
    missing, notes = _compare(paths, positions, treatments, layout)
    filled = tuple(treatment or Treatment() for treatment in treatments)
    return PlateImages(tuple(positions), filled, layout, tuple(missing), (*double, *notes))


def without_previews(paths: Sequence[PurePath], pattern: str | None = None) -> list[bool]:
    """Which images are full ones: MetaXpress keeps a small copy (``_thumb``) of each beside it."""
    return [position is None or not position.preview for position in read_positions(paths, pattern)]


def _check_channels(read: Sequence[Position | None]) -> None:
    """Refuse the files of several channels: the objects of each would be counted."""
    channels = Counter(position.channel for position in read if position is not None)
    if len(channels) < 2:
        return
    fields: dict[tuple[str, Well, str, str, str], set[str]] = {}
    for position in read:
        if position is not None:
            fields.setdefault(position.field, set()).add(position.channel)
    lacking = [
        f"{well.name}{f' site {site}' if site else ''} has no channel {' '.join(sorted(set(channels) - own))}"
        for (_, well, site, _, _), own in fields.items()
        if len(own) < len(channels)
    ]
    found = ", ".join(f"{channel or 'none'} ({count} files)" for channel, count in sorted(channels.items()))
    also = f"; {listed(lacking)}" if lacking else ""
    raise ConfigError(
        f"the files are of {len(channels)} channels, each of which would be counted: {found}{also}",
        remedy="give the files of the channel that shows the nuclei, such as 'PLATE/*_w1*', or join the channels",
    )


def _with_plates_of(
    layout: PlateLayout, paths: Sequence[PurePath], read: Sequence[Position | None]
) -> list[Position | None]:
    """Name plates as the layout does, by the folder or the part of the name that is called so."""
    named = sorted(layout.plates, key=len, reverse=True)

    def plate_of(path: PurePath, position: Position) -> str:
        words = [*path.parts[:-1][::-1], position.plate]
        exact = next((plate for word in words for plate in named if word.casefold() == plate.casefold()), None)
        if exact is not None:
            return exact
        inside = (plate for plate in named if plate.casefold() in path.name.casefold())
        return next(inside, position.plate)

    return [
        None if position is None else replace(position, plate=plate_of(path, position))
        for path, position in zip(paths, read, strict=True)
    ]


def _one_field_each(
    paths: Sequence[PurePath], read: Sequence[Position | None]
) -> tuple[list[Position | None], list[str]]:
    """Take the name of the file for the site where several images would be of one field, and say so.

    In BBBC039, images of two plates are mixed: F22 s6 and P07 s8 are there twice.
    """
    fields = Counter(position.field for position in read if position is not None)
    double = [_name(plate, well) + (f" site {site}" if site else "") for plate, well, site, _, _ in fields]
    double = [name for name, count in zip(double, fields.values(), strict=True) if count > 1]
    notes = [f"several images have the name of one field, and count as fields of their own: {listed(double)}"]
    named = [
        replace(position, site=path.stem) if position is not None and fields[position.field] > 1 else position
        for path, position in zip(paths, read, strict=True)
    ]
    return named, notes if double else []


def _treatment(layout: PlateLayout | None, position: Position | None) -> Treatment | None:
    if position is None:
        return None
    found = None if layout is None else layout.find(position.plate, position.well)
    if found is None:
        return Treatment(position.condition, position.replicate) if layout is None else None
    return replace(
        found, condition=found.condition or position.condition, replicate=found.replicate or position.replicate
    )


def _compare(
    paths: Sequence[PurePath],
    positions: Sequence[Position | None],
    treatments: Sequence[Treatment | None],
    layout: PlateLayout | None,
) -> tuple[list[tuple[str, Well]], list[str]]:
    """Wells of the layout without images, and what does not fit, in words."""
    notes = []
    nameless = [path.name for path, position in zip(paths, positions, strict=True) if position is None]
    if nameless:
        notes.append(
            f"{len(nameless)} image(s) belong to no well, since their names hold none: {readable(listed(nameless))}"
        )
    notes += _spelled_alike(treatments)
    if layout is None:
        return [], notes
    there = {(position.plate, position.well) for position in positions if position is not None}
    pairs = zip(positions, treatments, strict=True)
    unknown = sorted({_name(p.plate, p.well) for p, treatment in pairs if p is not None and treatment is None})
    if len(unknown) == len(there):
        raise ConfigError(
            f"has none of the wells of the images, such as {unknown[0]}",
            path=layout.path,
            remedy="check the names of its wells and plates",
        )
    if unknown:
        notes.append(f"{len(unknown)} well(s) are not in the layout, and have no condition: {listed(unknown)}")
    wells = {well for _, well in there}
    missing = [key for key in layout.wells if key not in there and (key[0] or key[1] not in wells)]
    if missing:
        names = listed([_name(plate, well) for plate, well in missing])
        notes.append(f"{len(missing)} well(s) of the layout have no image: {names}")
    return missing, notes


def _spelled_alike(treatments: Sequence[Treatment | None]) -> list[str]:
    """Name conditions whose names hardly differ, as people type them."""
    conditions = {treatment.condition for treatment in treatments if treatment is not None and treatment.condition}
    twice = [" and ".join(names) for names in spelled_alike(conditions)]
    return [f"conditions that hardly differ count as different ones: {readable(listed(twice))}"] if twice else []


def _name(plate: str, well: Well) -> str:
    return f"{plate} {well.name}" if plate else well.name

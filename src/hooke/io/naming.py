"""Chooses names for the results of each file, so that none overwrites another and each shows its image."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hooke.addresses import path_text
from hooke.io.formats import result_stem

# File systems take 255 bytes; results add up to 30 to the name ("_t00012_z00034.png"), other programs some more.
_MOST_BYTES = 180
_DIGEST = 8
#: Columns at the end of every table: where the image's file is, and what its name ends in.
PLACE = ("folder", "suffix")
_UNDECODED = re.compile("[\udc80-\udcff]")


def unique_names(paths: Sequence[str | Path], *, taken: Mapping[str, str | Path] | None = None) -> list[str]:
    """Name each file's results so that no two share a name, even where a file system ignores case.

    The stem serves where it is unique. Files that share one get, in this order of preference, their suffix
    (``a_png``, ``a_ome_tif``), their folder (``plate1-a``), both, more folders, and at last a number. Bytes that are
    not UTF-8 become ``%E9``; a name of more than 180 bytes is cut and ends in a hash of the whole.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.
    taken : mapping of str to path, optional
        Names in use, and the file that each belongs to: that file keeps its name, and no other gets it.

    Returns
    -------
    list of str
        One name per path, in the same order.

    Examples
    --------
    >>> unique_names(["in/a.png", "in/a.tif", "in/b.ome.tif"])
    ['a_png', 'a_tif', 'b']
    >>> unique_names(["plate1/a.tif", "plate2/a.tif"])
    ['plate1-a', 'plate2-a']
    >>> unique_names(["plate2/a.tif"], taken={"a": "plate1/a.tif"})
    ['plate2-a']
    """
    owners = {name: Path(path).absolute() for name, path in (taken or {}).items()}
    held = {os.path.realpath(path): name for name, path in owners.items()}
    absolute = [Path(path).absolute() for path in paths]
    names = [held.get(os.path.realpath(path), "") if held else "" for path in absolute]
    used = {_fold(name) for name in owners}
    groups: dict[str, list[int]] = {}
    for index, path in enumerate(absolute):
        if not names[index]:
            groups.setdefault(_fold(_stem(path)), []).append(index)
    others: dict[str, list[Path]] = {}
    for path in owners.values():
        others.setdefault(_fold(_stem(path)), []).append(path)
    for stem, indices in groups.items():
        unnamed = list(dict.fromkeys(absolute[index] for index in indices))
        named = _names_of_group(unnamed, others.get(stem, []), used)
        for index in indices:
            names[index] = named[absolute[index]]
    return _numbered_where_equal(names, {index for indices in groups.values() for index in indices}, used)


def _stem(path: Path) -> str:
    """Stem as text that every encoding and file system takes."""
    return _written(result_stem(path))


def _written(name: str) -> str:
    """Replace bytes that are not UTF-8, and cut a name that is too long for the files made of it."""
    text = _UNDECODED.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", name)
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= _MOST_BYTES:
        return encoded.decode("utf-8")
    digest = hashlib.sha256(encoded).hexdigest()[:_DIGEST]
    return f"{encoded[: _MOST_BYTES - _DIGEST - 1].decode('utf-8', 'ignore')}-{digest}"


def _fold(name: str) -> str:
    """Form in which names that some file system takes for equal are equal (macOS, Windows)."""
    return unicodedata.normalize("NFC", name).casefold()


def _names_of_group(paths: Sequence[Path], owners: Sequence[Path], used: set[str]) -> dict[Path, str]:
    """Shortest names that distinguish files of one stem from each other and from those that have results already.

    Where nothing distinguishes all of them, the names that distinguish most.
    """
    best: list[str] = []
    for names in _candidates([*paths, *owners]):
        own = names[: len(paths)]
        free = used.isdisjoint(map(_fold, own))
        if free and _distinct(names) == len(names):
            return dict(zip(paths, own, strict=True))
        if not best or _distinct(own) > _distinct(best):
            best = own
    return dict(zip(paths, best, strict=True))


def _candidates(paths: Sequence[Path]) -> Iterator[list[str]]:
    """Ever longer names for files of one stem, the most readable first."""
    stems = [_stem(path) for path in paths]
    suffixed = [f"{stem}_{path.suffix[1:].lower()}" for stem, path in zip(stems, paths, strict=True)]
    full = [f"{stem}_{_suffixes(path)}" for stem, path in zip(stems, paths, strict=True)]
    yield stems
    yield suffixed
    yield full
    for depth in range(1, max(len(path.parts) for path in paths)):
        folders = ["-".join(path.parent.parts[1:][-depth:]) for path in paths]
        for endings in (stems, suffixed, full):
            yield [_written(f"{folder}-{end}") for folder, end in zip(folders, endings, strict=True)]


def _suffixes(path: Path) -> str:
    """Suffix of a file with the ``.ome`` before it, as part of a name: ``ome_tif``."""
    suffix = path.suffix[1:].lower()
    return f"ome_{suffix}" if path.stem.lower().endswith(".ome") else suffix


def _distinct(names: Iterable[str]) -> int:
    """How many names differ on every file system."""
    return len(set(map(_fold, names)))


def _numbered_where_equal(names: Sequence[str], new: set[int], used: set[str]) -> list[str]:
    """Append a number to new names that are still in use: the same file twice, or ``a_png.tif`` beside ``a.png``."""
    count = Counter(map(_fold, names))
    taken = used | {name for name in count if count[name] == 1}
    result: list[str] = []
    for index, name in enumerate(names):
        number, free = 1, name
        while index in new and (count[_fold(name)] > 1 or _fold(name) in used) and _fold(free) in taken:
            number += 1
            free = f"{name}_{number}"
        taken.add(_fold(free))
        result.append(free)
    return result


def name_below(path: Path, folder: Path) -> str:
    """Name a file by its stem, after the folders below a folder that it is in.

    Examples
    --------
    >>> name_below(Path("truth/plate1/A01.ome.tif"), Path("truth"))
    'plate1/A01'
    """
    return (path.relative_to(folder).parent / result_stem(path)).as_posix()


def id_below(path: Path, folder: Path) -> str:
    """Name a file as `name_below` does, in one part that can name files: ``plate1-A01``."""
    return name_below(path, folder).replace("/", "-")


def files_below(folder: Path) -> list[Path]:
    """Files in a folder and those below it, sorted; without hidden ones, and those in hidden folders."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def free_name(name: str, used: set[str]) -> str:
    """The name, numbered where it is used, in capitals or not; it is among the used ones from then on.

    Examples
    --------
    >>> used = set()
    >>> [free_name(name, used) for name in ("a", "A", "b")]
    ['a', 'A_2', 'b']
    """
    free, number = name, 1
    while _fold(free) in used:
        number += 1
        free = f"{name}_{number}"
    used.add(_fold(free))
    return free


def image_ids(names: Iterable[str]) -> list[str]:
    r"""Make one id per image from file names, which may have folders: its stem, or more where stems are the same.

    Characters that UTF-8 or a file system doesn't know are replaced.

    Examples
    --------
    >>> image_ids(["train/a.tif", "test/a.tif", "C:\\data\\b.png", ""])
    ['train-a', 'test-a', 'b', 'unnamed']
    """
    # An absolute path, so that the working folder does not matter.
    return unique_names([f"/images/{_safe(name) or 'unnamed'}" for name in names])


def _safe(name: str) -> str:
    """Keep what every file system takes in a name, and / between folders."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    parts = (re.sub(r'[\x00-\x1f<>:"|?*]', "_", part).strip(" .") for part in re.split(r"[\\/]", text))
    return "/".join(part for part in parts if part)


def image_place(file: str) -> dict[str, str]:
    """Folder and suffix of an image's file, by the names of their columns; empty for an image without a file.

    Examples
    --------
    >>> image_place("plate1/A01.ome.tif")
    {'folder': 'plate1', 'suffix': '.ome.tif'}
    """
    path = Path(file)
    inner = ".ome" if path.stem.lower().endswith(".ome") else ""
    return {"folder": path_text(path.parent) if path.suffix else "", "suffix": f"{inner}{path.suffix}"}

"""Before reading: the files that a command line means, and the names that their results get.

Files, folders and patterns in; a list of paths, or of names that never overwrite each other, out.
"""

from __future__ import annotations

import glob
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hooke.errors import ImageReadError
from hooke.io.formats import IMAGE_SUFFIXES, folder_format, has_image_suffix, result_stem

__all__ = ["find_images", "unique_names"]

_SUFFIXES_TEXT = " ".join(sorted(IMAGE_SUFFIXES))


def find_images(inputs: Sequence[str | Path], *, exclude: Sequence[str | Path] = ()) -> list[Path]:
    """List the image files that files, folders and patterns stand for.

    A file is taken as given, whatever its suffix. A folder is searched with its subfolders for files of a known
    suffix; hidden files and folders are passed over. A pattern (``*``, ``?``, ``[...]``, ``**``) is expanded here,
    since not every shell does: its files of a known suffix, or all its files when none has one, and its folders
    searched as above. Order: as given, and naturally (img2 before img10) within a folder or pattern.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders and patterns. A leading ``~`` is the home folder.
    exclude : sequence of str or Path, optional
        Folders that neither a search nor a pattern enters, such as the output folder.

    Returns
    -------
    list of Path
        Each file once.

    Raises
    ------
    ImageReadError
        If a path doesn't exist, a pattern matches nothing, or a folder holds no image.

    Examples
    --------
    >>> find_images(["nowhere.png"])
    Traceback (most recent call last):
        ...
    hooke.errors.ImageReadError: nowhere.png: no such file or folder; check the name and the folder
    """
    skipped = frozenset(os.path.realpath(folder) for folder in exclude)
    found: dict[str, Path] = {}
    for given in inputs:
        for path in _expand(Path(given).expanduser(), skipped):
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def unique_names(paths: Sequence[str | Path]) -> list[str]:
    """Name each file's results so that no two share a name, even where a file system ignores case.

    The stem serves where it is unique. Files that share one get, in this order of preference, their suffix
    (``a_png``, ``a_tif``), their folder (``plate1-a``), both, more folders, and at last a number.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.

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
    """
    absolute = [Path(path).absolute() for path in paths]
    groups: dict[str, list[int]] = {}
    for index, path in enumerate(absolute):
        groups.setdefault(_fold(result_stem(path)), []).append(index)
    names = [""] * len(absolute)
    for indices in groups.values():
        named = _names_of_group(list(dict.fromkeys(absolute[index] for index in indices)))
        for index in indices:
            names[index] = named[absolute[index]]
    return _numbered_where_equal(names)


def _expand(path: Path, skipped: frozenset[str]) -> list[Path]:
    """Files that one argument stands for."""
    if path.is_dir():
        return _images_in_folder(path, skipped)
    if path.exists():
        return [path]
    if glob.has_magic(str(path)):
        return _images_of_pattern(path, skipped)
    raise ImageReadError("no such file or folder", path=path, remedy="check the name and the folder")


def _images_in_folder(folder: Path, skipped: frozenset[str]) -> list[Path]:
    """Images below a folder, or an error where there are none."""
    store = folder_format(folder)
    if store is not None:
        raise ImageReadError(f"hooke doesn't read {folder.suffix} stores", path=folder, remedy=store)
    images = _search(folder, skipped)
    if not images:
        raise ImageReadError("no images in this folder", path=folder, remedy=f"it looks for {_SUFFIXES_TEXT}")
    return images


def _images_of_pattern(pattern: Path, skipped: frozenset[str]) -> list[Path]:
    """Images that a pattern matches, or an error where there are none."""
    matches = sorted((Path(match) for match in glob.glob(str(pattern), recursive=True)), key=_natural)  # noqa: PTH207
    files = [match for match in matches if match.is_file() and not _is_below(match, skipped)]
    known = [file for file in files if has_image_suffix(file)]
    below = [image for match in matches if match.is_dir() for image in _search(match, skipped)]
    images = known + below or files
    if not images:
        remedy = f"check the pattern; images have one of the suffixes {_SUFFIXES_TEXT}"
        raise ImageReadError("no image matches this pattern", path=pattern, remedy=remedy)
    return images


def _search(folder: Path, skipped: frozenset[str]) -> list[Path]:
    """Images in a folder and its subfolders, in natural order."""
    return sorted(_walk(folder, skipped), key=_natural)


def _walk(folder: Path, skipped: frozenset[str]) -> Iterator[Path]:
    """Every image below a folder; hidden, skipped and container folders are not entered."""
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if _is_entered(Path(root, name), skipped)]
        if os.path.realpath(root) not in skipped:
            yield from (path for name in files if has_image_suffix(path := Path(root, name)))


def _is_entered(folder: Path, skipped: frozenset[str]) -> bool:
    """Whether the search goes into a folder."""
    return not folder.name.startswith(".") and folder_format(folder) is None and os.path.realpath(folder) not in skipped


def _is_below(path: Path, skipped: frozenset[str]) -> bool:
    """Whether a path lies in a skipped folder."""
    return bool(skipped) and not skipped.isdisjoint(map(str, Path(os.path.realpath(path)).parents))


def _natural(path: Path) -> list[list[tuple[int, int, str]]]:
    """Sort key by which numbers inside names count as numbers, folder by folder."""
    return [
        [(0, int(bit), "") if bit.isdecimal() else (1, 0, bit.casefold()) for bit in re.split(r"(\d+)", part) if bit]
        for part in path.parts
    ]


def _fold(name: str) -> str:
    """Form in which names that some file system takes for equal are equal (macOS, Windows)."""
    return unicodedata.normalize("NFC", name).casefold()


def _names_of_group(paths: Sequence[Path]) -> dict[Path, str]:
    """Shortest names that tell apart files of one stem; their stems where nothing does."""
    names = next((names for names in _candidates(paths) if _all_differ(names)), [result_stem(path) for path in paths])
    return dict(zip(paths, names, strict=True))


def _candidates(paths: Sequence[Path]) -> Iterator[list[str]]:
    """Ever longer names for files of one stem, the most readable first."""
    stems = [result_stem(path) for path in paths]
    suffixed = [f"{stem}_{path.suffix[1:].lower()}" for stem, path in zip(stems, paths, strict=True)]
    yield stems
    yield suffixed
    for depth in range(1, max(len(path.parts) for path in paths)):
        folders = ["-".join(path.parent.parts[1:][-depth:]) for path in paths]
        yield [f"{folder}-{stem}" for folder, stem in zip(folders, stems, strict=True)]
        yield [f"{folder}-{stem}" for folder, stem in zip(folders, suffixed, strict=True)]


def _all_differ(names: Iterable[str]) -> bool:
    """Whether no two names are equal on any file system."""
    return max(Counter(map(_fold, names)).values()) == 1


def _numbered_where_equal(names: Sequence[str]) -> list[str]:
    """Append a number to names that are still taken: the same file twice, or ``a_png.tif`` beside ``a.png``."""
    count = Counter(map(_fold, names))
    taken = {name for name in count if count[name] == 1}
    result: list[str] = []
    for name in names:
        number, free = 1, name
        while count[_fold(name)] > 1 and _fold(free) in taken:
            number += 1
            free = f"{name}_{number}"
        taken.add(_fold(free))
        result.append(free)
    return result

"""Finds the image files that a command line names, and reports what it left out of folders."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hooke.addresses import is_url, real_path, to_path
from hooke.errors import ImageReadError, listed, readable
from hooke.io.formats import IMAGE_SUFFIXES, folder_format, has_image_suffix, is_zarr, result_stem, unread_format
from hooke.io.leftovers import derived_files, names_results, previews, result_folders

_SUFFIXES_TEXT = " ".join(sorted(IMAGE_SUFFIXES))
_NAMED = 5
_PROJECTION = re.compile(r"(?:MAX|MIN|AVG|SUM|STD|MED)_(?P<stack>.+)")
_BY_NAME = "give one by name to read it"


@dataclass
class FoundImages:
    """Images, and what a search passed over.

    Attributes
    ----------
    paths : list of Path
        The images, each once.
    results : list of Path
        Files and folders that are results of hooke or another program.
    unread : list of Path
        Images in formats that hooke doesn't read.
    special : list of Path
        Named pipes, sockets and devices.
    closed : list of Path
        Folders that can't be listed.
    excluded : list of Path
        Folders that were excluded, and lie where images were searched.
    previews : list of Path
        Small copies of images beside them: see `hooke.io.leftovers.previews`.
    advice : list of str
        What else the user should know.
    named : set of Path
        Files that were given by name, or by a pattern that names results.
    labels : list of Path
        Label images and masks, by their pixels: see `hooke.io.label_search`.
    """

    paths: list[Path] = field(default_factory=list)
    results: list[Path] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)
    special: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    excluded: list[Path] = field(default_factory=list)
    previews: list[Path] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    named: set[Path] = field(default_factory=set)
    labels: list[Path] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """A sentence on each kind of thing passed over, and the advice."""
        notes = list(self.advice)
        if self.results:
            notes.append(f"left out as results, not images: {_listed(self.results)}; {_BY_NAME}")
        if self.labels:
            notes.append(f"left out as label images or masks, by their pixels: {_listed(self.labels)}; {_BY_NAME}")
        if self.previews:
            notes.append(f"left out {len(self.previews)} small copies (thumb) of images; {_BY_NAME}")
        if self.unread:
            remedy = Counter(filter(None, map(_remedy, self.unread))).most_common(1)[0][0]
            notes.append(f"left out in formats that hooke doesn't read: {_listed(self.unread)}; {remedy}")
        if self.special:
            notes.append(f"left out named pipes, sockets or devices: {_listed(self.special)}")
        if self.closed:
            notes.append(f"left out, no permission to list: {_listed(self.closed)}; ask their owner for access")
        return notes


def find_images(
    inputs: Sequence[str | Path], *, exclude: Sequence[str | Path] = (), results: bool = False
) -> list[Path]:
    """List the image files that files, folders and patterns stand for.

    A file is taken as given, with any suffix, and so is a URL (`hooke.open_image`). A folder is searched with its
    subfolders, and those that links lead to, for files of a known suffix; hidden files and folders are passed over, and
    so are label images, overlays and plots that hooke, Cellpose and other programs leave beside images. A pattern
    (``*``, ``?``, ``[...]``, ``**``) is expanded here, since not every shell does: its files of a known suffix, or all
    its files when none has one, and its folders searched as above. Order: as given, and naturally (img2 before img10)
    within a folder or pattern.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders, patterns and URLs. A leading ``~`` is the home folder.
    exclude : sequence of str or Path, optional
        Folders that neither a search nor a pattern enters from above, such as the output folder.
    results : bool
        Whether to list results of programs, too.

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
    return search_images(inputs, exclude=exclude, results=results).paths


def search_images(
    inputs: Sequence[str | Path], *, exclude: Sequence[str | Path] = (), results: bool = False
) -> FoundImages:
    """List image files as `find_images` does, with what was passed over.

    Raises
    ------
    ImageReadError
        As `find_images`.
    """
    search = _Search(frozenset(os.path.realpath(folder) for folder in exclude), results)
    found: dict[str, Path] = {}
    for given in inputs:
        if not str(given).strip():
            raise ImageReadError("an empty name is not a path", remedy="give a file, or '.' for the working folder")
        path = to_path(given)
        for each in [path] if is_url(path) else search.expand(path.expanduser()):
            found.setdefault(real_path(each), each)
    search.found.paths = list(found.values())
    if made := _projections(search.found.paths):
        search.found.advice.append(
            f"projections of stacks that are there, too, by their names: {_listed(made)}; both are taken: name those "
            "that you mean"
        )
    return search.found


def holds_images(folder: Path, *, exclude: Sequence[str | Path] = ()) -> bool:
    """Whether a search of a folder would find an image that is not a result."""
    search = _Search(frozenset(map(os.path.realpath, exclude)), results=False)
    return any(True for _ in search.walk(folder))


def _projections(paths: Sequence[Path]) -> list[Path]:
    """Files that ImageJ names as projections, such as ``MAX_a.tif``, whose stack ``a`` is among the files, too."""
    stacks = {(path.parent, result_stem(path)) for path in paths}
    named = ((path, _PROJECTION.fullmatch(result_stem(path))) for path in paths)
    return [path for path, name in named if name is not None and (path.parent, name["stack"]) in stacks]


class _Search:
    """One search: what it skips, and what it has passed over so far."""

    def __init__(self, skipped: frozenset[str], results: bool) -> None:
        self.skipped = skipped
        self.results = results
        self.found = FoundImages()
        self._noted: set[Path] = set()

    def expand(self, path: Path) -> list[Path]:
        """Files that one argument stands for."""
        try:
            if path.is_dir():
                return self._images_in_folder(path)
            if path.is_file():
                self.found.named.add(path)
                return [path]
            if path.exists():
                raise ImageReadError("is a named pipe, socket or device", path=path, remedy="give an image file")
        except OSError as error:  # a name that is too long, a disk that is gone
            reason = error.strerror or str(error)
            raise ImageReadError(
                f"can't be opened: {reason}", path=path, remedy="check the name and the disk"
            ) from error
        if glob.has_magic(str(path)):
            return self._images_of_pattern(path)
        raise ImageReadError("no such file or folder", path=path, remedy="check the name and the folder")

    def _images_in_folder(self, folder: Path) -> list[Path]:
        """Images below a folder, or an error where there are none."""
        if is_zarr(folder):
            return [folder]
        store = folder_format(folder)
        if store is not None:
            raise ImageReadError(f"hooke doesn't read {folder.suffix} stores", path=folder, remedy=store)
        before = len(self.found.notes)
        images = self._below(folder)
        if not images:
            why = "; ".join(self.found.notes[before:]) or f"it looks for {_SUFFIXES_TEXT}"
            raise ImageReadError("no images in this folder", path=folder, remedy=why)
        return images

    def _images_of_pattern(self, pattern: Path) -> list[Path]:
        """Images that a pattern matches, or an error where there are none."""
        matches = sorted((Path(match) for match in glob.glob(str(pattern), recursive=True)), key=natural_key)  # noqa: PTH207
        base = _fixed_part(pattern)
        skipped = self._skipped_below(base)
        excluded = [match for match in matches if _is_below(match / "x", skipped)]
        self.found.excluded += excluded
        matches = [match for match in matches if match not in set(excluded)]
        if names_results(pattern.name):
            self.found.named.update(matches)
        elif not self.results:
            matches = self._without_results(matches, base)
        if "thumb" not in pattern.name.casefold():
            matches = self._without_previews(matches)
        files = [match for match in matches if match.is_file()]
        known = [match for match in matches if is_zarr(match) or (match.is_file() and has_image_suffix(match))]
        below = [image for match in matches if match.is_dir() and not is_zarr(match) for image in self._below(match)]
        images = known + below or files
        if not images:
            why = "; ".join(self.found.notes) or f"images have one of the suffixes {_SUFFIXES_TEXT}"
            raise ImageReadError("no image matches this pattern", path=pattern, remedy=f"check the pattern; {why}")
        return images

    def _without_results(self, matches: Sequence[Path], base: Path) -> list[Path]:
        """Files and folders of a pattern that a search from its fixed part would find, too."""
        derived = {folder: derived_files(folder, _names(folder)) for folder in {match.parent for match in matches}}
        inside: dict[Path, set[str]] = {}  # folder: which of its subfolders hold results

        def holds_results(folder: Path) -> bool:
            parent = folder.parent
            if parent not in inside:
                names = _names(parent)
                inside[parent] = result_folders(parent, [name for name in names if (parent / name).is_dir()], names)
            return folder.name in inside[parent]

        kept = []
        for match in matches:
            between = match.relative_to(base).parts if match.is_relative_to(base) else ()
            steps = (base.joinpath(*between[:depth]) for depth in range(1, len(between) + 1))
            results = next((step for step in steps if holds_results(step)), None)
            if results is not None:
                self._note_result(results)
            elif match.name in derived[match.parent] and match.is_file():
                self._note_result(match)
            else:
                kept.append(match)
        return kept

    def _without_previews(self, matches: Sequence[Path]) -> list[Path]:
        """Leave small copies out of what a pattern matched."""
        small = {folder: previews(_names(folder)) for folder in {match.parent for match in matches}}
        self.found.previews += [match for match in matches if match.name in small[match.parent]]
        return [match for match in matches if match.name not in small[match.parent]]

    def _below(self, folder: Path) -> list[Path]:
        """Images in a folder and its subfolders, in natural order."""
        return sorted(self.walk(folder), key=natural_key)

    def walk(self, folder: Path) -> Iterator[Path]:
        """Every image below a folder; hidden, skipped, result and container folders are not entered.

        Links to folders are followed, each folder once and none that holds the link itself.
        """
        linked: set[str] = set()
        for root, folders, files in os.walk(folder, onerror=self._note_closed, followlinks=True):
            here = Path(root)
            left_out = set() if self.results else result_folders(here, folders, files)
            entered = []
            for name in folders:
                path = here / name
                if name.startswith("."):
                    continue
                if os.path.realpath(path) in self.skipped:
                    self.found.excluded.append(path)
                    continue
                if path.is_symlink():
                    real = os.path.realpath(path)
                    if real in linked or Path(real) in Path(os.path.realpath(here), name).parents:
                        continue
                    linked.add(real)
                if folder_format(path) is not None:
                    self.found.unread.append(path)
                elif name in left_out:
                    self._note_result(path)
                elif is_zarr(path):
                    yield path
                else:
                    entered.append(name)
            folders[:] = entered
            yield from self._images_of(here, files)

    def _images_of(self, folder: Path, files: Sequence[str]) -> Iterator[Path]:
        """Images among the files of a folder."""
        derived = set() if self.results else derived_files(folder, files)
        small = previews(files)
        for name in files:
            path = folder / name
            if not has_image_suffix(path):
                if unread_format(path) is not None:
                    self.found.unread.append(path)
            elif name in derived:
                self._note_result(path)
            elif name in small:
                self.found.previews.append(path)
            elif path.exists() and not path.is_file():
                self.found.special.append(path)
            else:
                yield path  # a link to nothing among them, to be reported in its turn

    def _note_result(self, path: Path) -> None:
        if path not in self._noted:
            self._noted.add(path)
            self.found.results.append(path)

    def _note_closed(self, error: OSError) -> None:
        self.found.closed.append(Path(error.filename or "."))

    def _skipped_below(self, base: Path) -> frozenset[str]:
        """Excluded folders that a pattern reaches from above."""
        real = Path(os.path.realpath(base))
        return frozenset(folder for folder in self.skipped if real in Path(folder).parents)


def natural_key(path: Path) -> tuple[list[list[tuple[int, int, str]]], str]:
    """Sort key by which numbers inside names count as numbers, folder by folder.

    Examples
    --------
    >>> sorted([Path("img10.png"), Path("img2.png")], key=natural_key)[0].name
    'img2.png'
    """
    parts = [
        [(0, int(bit), "") if bit.isdecimal() else (1, 0, bit.casefold()) for bit in re.split(r"(\d+)", part) if bit]
        for part in path.parts
    ]
    return parts, str(path)


def _names(folder: Path) -> list[str]:
    """Names of what is in a folder; none where it can't be listed."""
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []


def _fixed_part(pattern: Path) -> Path:
    """Folders of a pattern before its first wildcard."""
    parts = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)


def _is_below(path: Path, skipped: frozenset[str]) -> bool:
    """Whether a path lies in a skipped folder."""
    return bool(skipped) and not skipped.isdisjoint(map(str, Path(os.path.realpath(path)).parents))


def _remedy(path: Path) -> str | None:
    return folder_format(path) or unread_format(path)


def _listed(paths: Sequence[Path]) -> str:
    """How many, and the first few by name, with the folder of each."""
    names = ["/".join(path.parts[-2:]) for path in paths]
    return f"{len(paths)} ({readable(listed(names, _NAMED))})"

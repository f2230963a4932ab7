"""Runs all checks on a data set; images are read one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hooke.datasets.layout import INDEX_NAME, read_index
from hooke.doctor.dataset_images import (
    DatasetImage,
    LoadedImage,
    find_dataset_images,
    find_unlisted,
    load_dataset_image,
)
from hooke.doctor.disagreement import Disagreement, compare_with_model, findings_of
from hooke.doctor.duplicate_findings import SignedImage, find_duplicates, sign_dataset
from hooke.doctor.duplicate_search import make_signature, to_grey
from hooke.doctor.findings import KINDS, Finding, Severity, sort_findings
from hooke.doctor.population import ImageFigures, find_odd_images, image_figures
from hooke.doctor.shapes import check_shapes
from hooke.doctor.signal import check_signal
from hooke.errors import DatasetError
from hooke.measure import measure
from hooke.models import Model, load_model
from hooke.pipeline.options import SegmentOptions

Progress = Callable[[str, int, int], None]


@dataclass
class Diagnosis:
    """What was found.

    Attributes
    ----------
    dataset : Path
        The folder examined.
    against : list of Path
        The folders that it was compared with.
    images, objects : int
        How many there are.
    findings : list of Finding
        By kind, the worst first.
    disagreements : list of Disagreement
        For every image, the largest first; empty without a model.
    """

    dataset: Path
    against: list[Path]
    images: int = 0
    objects: int = 0
    findings: list[Finding] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        """True when a finding breaks a training or makes a figure false."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def counts(self) -> dict[str, Counter[Severity]]:
        """Count the findings of each kind that occurs, by severity, in the order of `KINDS`."""
        counts = {kind: Counter[Severity]() for kind in KINDS}
        for finding in self.findings:
            counts[finding.kind][finding.severity] += 1
        return {kind: count for kind, count in counts.items() if count}


class _Doctor:
    """What is found while the images are read, one after the other."""

    def __init__(self, folder: Path, model: Model | None, threads: int) -> None:
        self.model = model
        self.options = SegmentOptions(threads=threads)
        self.rows = _rows(folder)
        self.findings: list[Finding] = []
        self.figures: list[ImageFigures] = []
        self.signed: list[SignedImage] = []
        self.disagreements: list[Disagreement] = []
        self.objects = 0

    def check(self, member: DatasetImage) -> None:
        """Read one image and check it."""
        opened = load_dataset_image(member)
        self.findings += opened.findings
        if opened.image is not None:
            self.signed.append(SignedImage(member, make_signature(to_grey(opened.image.pixels))))
        if opened.labels is None:
            return
        table = measure(opened.labels, None, more=False)
        self.objects += len(table)
        self.findings += check_shapes(member, opened.labels, table)
        self.findings += self._check_index(opened, len(table))
        if opened.image is None:
            return
        self.findings += check_signal(member, opened.image.pixels, opened.labels, table)
        self.figures.append(image_figures(member, opened.image.pixels, table))
        if self.model is not None:
            self.disagreements.append(compare_with_model(member, opened.image, opened.labels, self.model, self.options))

    def _check_index(self, opened: LoadedImage, objects: int) -> list[Finding]:
        """Compare what the index says of an image with its files."""
        member, labels = opened.member, opened.labels
        stated = self.rows.get(member.id)
        if stated is None or labels is None or stated == (*labels.shape, objects):
            return []
        message = "the index says {} x {} pixels and {} nuclei".format(*stated)
        message += f", the labels have {labels.shape[0]} x {labels.shape[1]} and {objects}"
        return [Finding.of_kind("index-mismatch", member.id, message, split=member.split)]


def _rows(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Read size and count of each image of the index; empty where the index does not state them."""
    if not (folder / INDEX_NAME).exists():
        return {}
    try:
        return {row.id: (row.height, row.width, row.nuclei) for row in read_index(folder)}
    except DatasetError:  # a list of images without sizes; find_dataset_images reports what else is wrong with it
        return {}


def examine(
    dataset: str | Path,
    *,
    against: Sequence[str | Path] = (),
    model: str | Path | Model | None = None,
    threads: int = 0,
    progress: Progress | None = None,
) -> Diagnosis:
    """Examine the images and labels of a data set.

    Parameters
    ----------
    dataset : str or Path
        A hooke data set, or a folder with ``images`` and ``labels`` whose files have the same stems.
    against : sequence of str or Path
        Other data sets, or folders of images, none of whose images should be in this one.
    model : str, Path or Model, optional
        Rank images by how far this model and the labels disagree.
    threads : int
        Threads for the model; 0 takes all available cores.
    progress : callable, optional
        Called with the step, the number done, and the number in all.

    Returns
    -------
    Diagnosis

    Raises
    ------
    HookeError
        If there is no such data set or model. What is wrong with single files is a finding.
    """
    folder = Path(dataset)
    report = progress or (lambda *_: None)
    loaded = model if model is None or isinstance(model, Model) else load_model(model)
    members = find_dataset_images(folder)
    if not members:
        raise DatasetError("lists no image", path=folder, remedy="prepare it with hooke prepare")
    doctor = _Doctor(folder, loaded, threads)
    for done, member in enumerate(members, start=1):
        doctor.check(member)
        report("checking", done, len(members))
    findings = [*doctor.findings, *find_odd_images(doctor.figures)]
    if (folder / INDEX_NAME).exists():
        findings += find_unlisted(folder, members)
    others = [signed for other in against for signed in _sign(other, report)]
    findings += find_duplicates([*doctor.signed, *others])
    ranked = sorted(doctor.disagreements, key=lambda image: (image.f1, -image.missed - image.spurious))
    findings += findings_of(ranked)
    return Diagnosis(
        folder, [Path(other) for other in against], len(members), doctor.objects, sort_findings(findings), ranked
    )


def _sign(other: str | Path, report: Progress) -> list[SignedImage]:
    total = len(find_dataset_images(other))
    done = Counter[str]()

    def image_done(_: str) -> None:
        done["read"] += 1
        report(f"comparing with {Path(other).name}", done["read"], total)

    return sign_dataset(other, image_done)

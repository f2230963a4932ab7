"""Writes the measurements of each tool as a markdown table and a drawing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from hooke.io import atomic_path

sys.path.append(str(Path(__file__).parents[1]))
from curves import save

BEGIN, END = "<!-- peers: table begin -->", "<!-- peers: table end -->"
HEADER = (
    "",
    "weights",
    "s per megapixel",
    "network + rest",
    "processor s per megapixel",
    "import, s",
    "cold, s",
    "peak memory, MB",
    "installed, MB",
    "DSB score",
    "F1 0.5",
    "PQ",
    "truth through it, F1 0.9",
)
NOTHING = "–"


@dataclass(frozen=True)
class Row:
    """One peer's figures.

    Attributes
    ----------
    peer : str
    failed : str
        Why there are none; empty where there are.
    versions : dict of str to str
        Of its packages.
    trained : bool
        Whether the published weights were there; else times are of random weights and of maps from the truth.
    seconds_per_megapixel : float or None
        Warm, whole: from an array to a label image.
    phases : dict of str to float
        The same in parts: ``segment``, or ``network`` and ``post``.
    processor_seconds_per_megapixel : float or None
        The same, of all cores together: what others on the machine disturb least.
    cold_s : float or None
        Import, loading and the first image together.
    import_s : float or None
        The import alone.
    peak_bytes : int or None
        Largest resident size of the process.
    installed_bytes : int or None
        Size of site-packages without bytecode; None where it was not made by `install.py`.
    scores : dict of str to float
        Means over images; empty without weights.
    truth_f1_90 : float or None
        Without weights: F1 at IoU 0.9 of the truth after encoding and decoding, the most that the peer could reach.
    """

    peer: str
    failed: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    trained: bool = False
    seconds_per_megapixel: float | None = None
    phases: dict[str, float] = field(default_factory=dict)
    processor_seconds_per_megapixel: float | None = None
    cold_s: float | None = None
    import_s: float | None = None
    peak_bytes: int | None = None
    installed_bytes: int | None = None
    scores: dict[str, float] = field(default_factory=dict)
    truth_f1_90: float | None = None


def markdown(rows: Sequence[Row], *, header: bool = True) -> str:
    """Make the table, and a line for each peer that could not be run."""
    lines = [HEADER, ("---", "---", *("---:",) * (len(HEADER) - 2))] if header else []
    lines += [_cells(row) for row in rows if not row.failed]
    failed = [f"{row.peer} was not measured: {row.failed}" for row in rows if row.failed]
    return "\n".join([f"| {' | '.join(line)} |" for line in lines] + ["", *failed] * bool(failed))


def _cells(row: Row) -> tuple[str, ...]:
    parts = " + ".join(f"{row.phases[phase]:.2f}" for phase in ("network", "post") if phase in row.phases)
    weights = "shipped" if row.peer == "hooke" else "none needed" if row.peer == "otsu" else "published"
    version = next(iter(row.versions.values()), "")
    return (
        f"{row.peer} {version}",
        weights if row.trained else "random",
        _number(row.seconds_per_megapixel, 2),
        parts or NOTHING,
        _number(row.processor_seconds_per_megapixel, 2),
        _number(row.import_s, 1),
        _number(row.cold_s, 1),
        _number(row.peak_bytes and row.peak_bytes / 1e6, 0),
        _number(row.installed_bytes and row.installed_bytes / 1e6, 0),
        *(_number(row.scores.get(name), 3) for name in ("dsb", "f1_50", "pq")),
        _number(row.truth_f1_90, 3),
    )


def _number(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def draw_bars(rows: Sequence[Row], target: Path) -> None:
    """Draw processor seconds per megapixel as bars on a logarithmic axis, in the order given."""
    measured = [row for row in rows if row.processor_seconds_per_megapixel]
    figure = Figure(figsize=(7.6, 0.9 + 0.34 * len(measured)), layout="constrained")
    axis = figure.subplots()
    seconds = [row.processor_seconds_per_megapixel or 0.0 for row in measured]
    bars = axis.barh([row.peer for row in measured], seconds)
    axis.bar_label(bars, [_figures(row) for row in measured], padding=4)
    ends = min(seconds, default=1.0) / 3, max(seconds, default=1.0) * 30  # figures stand after the bars
    axis.set(xscale="log", xlim=ends, title="Processor seconds per megapixel, warm (log. axis)")
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.3)
    save(figure, target)


def _figures(row: Row) -> str:
    """Seconds and memory of a peer, for the end of its bar; random weights are marked."""
    memory = "" if row.peak_bytes is None else f", {row.peak_bytes / 1e9:.1f} GB"
    return f"{row.processor_seconds_per_megapixel:.2f} s{memory}" + ("" if row.trained else ", random weights")


def rewrite(document: Path, tables: str) -> None:
    """Put the table between the markers."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document}: no line {BEGIN} with {END} after it")
    with atomic_path(document) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n\n{tables.strip()}\n\n{END}{after}", encoding="utf-8")

"""Writes the measurements of each tool as a markdown table and a drawing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from hooke.io import atomic_path

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
COLOUR = "#2f6fb3"
WIDTH, LEFT, BAR, STEP, TOP, RIGHT = 760, 120, 18, 34, 46, 150


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


def draw_bars(rows: Sequence[Row]) -> str:
    """Draw processor seconds per megapixel as bars on a logarithmic axis, fastest first, as SVG."""
    measured = [row for row in rows if row.processor_seconds_per_megapixel]
    times = [row.processor_seconds_per_megapixel or 1.0 for row in measured] or [1.0]
    low, high = (10.0**end for end in (math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))))
    height = TOP + STEP * len(measured) + 40

    def place(value: float) -> float:
        part = math.log(value / low) / math.log(high / low) if high > low else 1.0
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    body = [_axis(value, place(value), height) for value in _powers(low, high)]
    for number, row in enumerate(measured):
        body += _bar(row, TOP + STEP * number, place)
    said = "; ".join(f"{row.peer} {row.processor_seconds_per_megapixel:.2g}" for row in measured)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-size="13" '
        f'font-family="system-ui, sans-serif" aria-label="Processor seconds per megapixel: {escape(said)}">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="{LEFT}" y="22" font-weight="600">Processor seconds per megapixel, warm (log. axis)</text>'
        f"{''.join(body)}</svg>\n"
    )


def _powers(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1)]


def _axis(value: float, x: float, height: int) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 34}" stroke="#d0d0d0"/>'
        f'<text x="{x:.1f}" y="{height - 16}" text-anchor="middle" fill="#555555">{value:g}</text>'
    )


def _bar(row: Row, y: int, place: Callable[[float], float]) -> list[str]:
    """Draw name, bar and figures of a peer; random weights are marked next to the bar."""
    end = place(row.processor_seconds_per_megapixel or 0)
    memory = "" if row.peak_bytes is None else f", {row.peak_bytes / 1e9:.1f} GB"
    figures = f"{row.processor_seconds_per_megapixel:.2f} s{memory}" + ("" if row.trained else ", random weights")
    return [
        f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{escape(row.peer)}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}" fill="{COLOUR}"/>',
        f'<text x="{end + 6:.1f}" y="{y + 14}" fill="#333333">{figures}</text>',
    ]


def rewrite(document: Path, tables: str) -> None:
    """Put the table between the markers."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document}: no line {BEGIN} with {END} after it")
    with atomic_path(document) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n\n{tables.strip()}\n\n{END}{after}", encoding="utf-8")

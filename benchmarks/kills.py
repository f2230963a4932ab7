"""Kills `hooke segment`, `prepare` and `evaluate` at random moments, runs them again, and counts what was lost.

A run is killed one to three times in a row, by KILL, TERM or INT, at a random time or just after a random number of its
files has appeared; half of the runs of `segment` go over results that were made with other options. Counted are

- results that were finished before a kill and are missing or made again after it, or differ from those of an
  undisturbed run;
- tables that do not list the objects of the label images, right after a kill and after the last run;
- temporary files that are left after the last run;
- bad ends: a run that fails, or a stopped one that shows a traceback or has another exit status than 130 and 143.

    python benchmarks/kills.py --kills 100 --seed 0
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from hooke.datasets import simulate
from hooke.io import read_labels, write_labels, write_png

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130}
COUNTS = ("results lost", "tables wrong", "temporary files", "bad ends")
IMAGES = 10
IN_A_ROW = 3


@dataclass
class Trial:
    """A command, its output folder, and how to judge it.

    Attributes
    ----------
    name : str
    arguments : list of str
        Of `hooke`, less the output folder, which is last.
    before : Path or None
        Results that are in the output folder when the run begins.
    explain : callable
        Given the output folder and the name of a result, says in which state it is.
    judge : callable
        Given the output folder, says what is wrong with its tables.
    keeps : callable
        Given the output folder, says which results are done, by what shows that they were made again.
    ignored : tuple of str
        Files that differ from run to run.
    """

    name: str
    arguments: list[str]
    judge: Callable[[Path], list[str]]
    keeps: Callable[[Path], dict[str, int]] = lambda out: {}
    explain: Callable[[Path, str], str] = lambda out, name: ""
    before: Path | None = None
    ignored: tuple[str, ...] = ()
    reference: dict[str, bytes] = field(default_factory=dict)
    seconds: float = 0.0

    def start(self, out: Path) -> subprocess.Popen[str]:
        """Begin a run."""
        command = [sys.executable, "-m", "hooke", *self.arguments, str(out)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def prepare(self, out: Path) -> None:
        """Lay out what the run finds."""
        shutil.rmtree(out, ignore_errors=True)
        if self.before is not None:
            shutil.copytree(self.before, out)

    def measure(self, out: Path) -> None:
        """Run it alone, and keep what it made."""
        self.prepare(out)
        start = time.perf_counter()
        run = self.start(out)
        _, said = run.communicate()
        if run.returncode:
            raise SystemExit(f"{self.name} fails when left alone: {said}")
        self.seconds = time.perf_counter() - start
        self.reference = self.files(out)

    def files(self, out: Path) -> dict[str, bytes]:
        """Results that are the same in every run."""
        paths = [path for path in sorted(out.rglob("*")) if path.is_file()]
        names = {path.relative_to(out).as_posix(): path for path in paths}
        return {name: path.read_bytes() for name, path in names.items() if not name.startswith(self.ignored)}


def run_trial(trial: Trial, out: Path, rng: random.Random, kills: int) -> Counter[str]:
    """Kill a run the given number of times in a row, then let it end, and count what is wrong."""
    counts: Counter[str] = Counter()
    trial.prepare(out)
    story = []
    for _ in range(kills):
        number = rng.choice(SIGNALS)
        done = trial.keeps(out)
        run = trial.start(out)
        wait_for_moment(trial, out, run, rng)
        run.send_signal(number)
        _, said = run.communicate()
        after = trial.keeps(out)
        gone = [f"{name} is gone" for name, made in done.items() if after.get(name) != made]
        counts["results lost"] += report(trial, number, gone)
        counts["tables wrong"] += report(trial, number, trial.judge(out))
        counts["bad ends"] += report(trial, number, bad_end(run.returncode, number, said))
        counts[number.name] += 1
        story.append(f"{number.name} {run.returncode}")
    done = trial.keeps(out)
    states = {name: trial.explain(out, name) for name in done}
    run = trial.start(out)
    _, said = run.communicate()
    counts["bad ends"] += report(trial, None, [said] if run.returncode else [])
    after = trial.keeps(out)
    gone = [
        f"{name} is made again after {', '.join(story)}; before: {states[name]}; now: {trial.explain(out, name)}"
        for name, made in done.items()
        if after.get(name) != made
    ]
    counts["results lost"] += report(trial, None, gone)
    made = trial.files(out)
    counts["results lost"] += report(
        trial, None, [f"{name} differs" for name, content in trial.reference.items() if made.get(name) != content]
    )
    counts["tables wrong"] += report(trial, None, trial.judge(out))
    counts["temporary files"] += report(trial, None, temporary_files(out))
    return counts


def wait_for_moment(trial: Trial, out: Path, run: subprocess.Popen[str], rng: random.Random) -> None:
    """Let a run continue for a random time, or until a random number of its files is there."""
    if rng.random() < 0.3:
        time.sleep(rng.uniform(0.2, 1.1) * trial.seconds)
        return
    wanted = rng.randint(1, 4 * IMAGES)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    while run.poll() is None:
        try:
            changed = sum(before.get(path) != path.stat().st_mtime_ns for path in out.rglob("*"))
        except FileNotFoundError:  # a temporary one
            continue
        if changed >= wanted:
            break
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.02))


def bad_end(status: int, number: signal.Signals, said: str) -> list[str]:
    """What is wrong with how a run ended; one that was killed while Python was starting says nothing of hooke."""
    if status in (0, -number, STATUS.get(number)) or "hooke/cli/app.py" not in said:
        return []
    return [f"status {status}: {said}"]


def temporary_files(out: Path) -> list[str]:
    """Files that no run should leave."""
    return [str(path) for path in out.rglob("*") if path.name.startswith(".hooke-") or path.suffix == ".work"]


def report(trial: Trial, number: signal.Signals | None, problems: Sequence[str]) -> int:
    """Print problems as they are found, and count them."""
    for problem in problems:
        print(f"{trial.name}, {number.name if number else 'run again'}: {problem}", file=sys.stderr, flush=True)
    return len(problems)


def segment_problems(out: Path) -> list[str]:
    """How the tables of a results folder contradict its labels; they may be missing as a whole."""
    if not (out / "summary.csv").exists() and not (out / "measurements.csv").exists():
        return []
    summary = read_rows(out / "summary.csv")
    table = read_rows(out / "measurements.csv")
    counted = {row["image"]: int(row["count"]) for row in summary if row["count"]}
    listed = Counter(row["image"] for row in table)
    found = {path.stem: int(read_labels(path).max()) for path in (out / "labels").glob("[!.]*.tif")}
    names = found.keys() | counted.keys()
    wrong = [name for name in names if not found.get(name) == counted.get(name) == listed.get(name, 0)]
    return [f"{name}: {found.get(name)} labels, count {counted.get(name)}, {listed[name]} rows" for name in wrong]


def segment_done(out: Path) -> dict[str, int]:
    """Label images with an entry of the last run's settings, and when they were made."""
    # An entry that has not taken its name yet is hidden: its image was not done when the run was killed.
    entries = [json.loads(path.read_bytes())["entry"] for path in (out / ".hooke").glob("[!.]*.json")]
    paths = {one["name"]: out / "labels" / f"{one['name']}.tif" for one in entries if one["options"] == ""}
    return {name: path.stat().st_mtime_ns for name, path in paths.items() if path.exists()}


def segment_state(out: Path, name: str) -> str:
    """Which results of an image are not as its entry says, and whether they were taking their places."""
    entry = json.loads((out / ".hooke" / f"{name}.json").read_bytes())["entry"]
    other = [
        file
        for file, written in entry["files"].items()
        if not (out / file).exists() or hashlib.sha256((out / file).read_bytes()).hexdigest() != written["sha256"]
    ]
    marked = (out / ".hooke" / f"{name}.work").exists()
    return f"{len(entry['files'])} files, changed {other}, marked {marked}, error {entry['error']!r}"


def dataset_problems(out: Path) -> list[str]:
    """Rows of an index whose files are not there."""
    ids = [row["id"] for row in read_rows(out / "index.csv")] if (out / "index.csv").exists() else []
    return [
        f"{id_} has no {part}"
        for id_ in ids
        for part in ("images", "labels")
        if not list((out / part).glob(f"{id_}.*"))
    ]


def dataset_done(out: Path) -> dict[str, int]:
    """Images that the journal of a data set says are made, and when."""
    journal = out / "prepared.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    whole = [line for line in lines if line.endswith("}")]
    ids = [part["id"] for line in whole for part in json.loads(line)["parts"]]
    return {id_: next((out / "labels").glob(f"{id_}.*")).stat().st_mtime_ns for id_ in ids}


def score_problems(out: Path) -> list[str]:
    """Files of scores that are cut."""
    problems = []
    for path in out.glob("*.json"):
        try:
            json.loads(path.read_text())
        except ValueError as error:
            problems.append(f"{path.name}: {error}")
    return problems


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a csv; none where it is missing."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def make_trials(root: Path) -> list[Trial]:
    """Draw images and truth, and make the reference of each trial."""
    for number in range(IMAGES):
        drawn = simulate((96 + 8 * number, 128), seed=number, diameter=20)
        write_png(root / "source" / "images" / f"image{number}.png", drawn.image)
        write_labels(root / "source" / "labels" / f"image{number}.tif", [drawn.labels])
        write_labels(root / "found" / f"image{number}.tif", [np.roll(drawn.labels, 2, axis=0)])
    images, labels = root / "source" / "images", root / "source" / "labels"
    never = (".hooke/", "run.json", "summary.csv", "results.html")  # they hold seconds
    begin = ["segment", str(images), "-q", "-o"]
    fresh = Trial("segment", begin, segment_problems, segment_done, segment_state, ignored=never)
    old = [*fresh.arguments[:2], "--diameter", "31", "-q", "-o"]
    before = root / "before"
    other = replace(fresh, name="segment over others", before=before)
    prepare = Trial(
        "prepare", ["prepare", "folder", str(root / "source"), "-q"], dataset_problems, dataset_done,
        ignored=("prepared.jsonl", "sources.json"),
    )  # fmt: skip
    evaluate = Trial("evaluate", ["evaluate", str(root / "found"), str(labels), "-o"], score_problems)
    subprocess.run([sys.executable, "-m", "hooke", *old, str(before)], check=True)
    return [fresh, other, prepare, evaluate]


def kill_runs(kills: int, seed: int, root: Path, names: Sequence[str] = ()) -> dict[str, Counter[str]]:
    """Kill runs of all commands, or of these, in turn, `kills` times in all; count what is wrong, by command."""
    rng = random.Random(seed)
    trials = [trial for trial in make_trials(root) if trial.name in names or not names]
    for trial in trials:
        trial.measure(root / "out")
    counts: dict[str, Counter[str]] = {trial.name: Counter() for trial in trials}
    left, turn = kills, 0
    while left:
        trial = trials[turn % len(trials)]
        number = min(left, rng.randint(1, IN_A_ROW))
        counts[trial.name] += run_trial(trial, root / "out", rng, number)
        left, turn = left - number, turn + 1
    return counts


def main() -> int:
    """Print a table; return 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = kill_runs(args.kills, args.seed, Path(folder))
    columns = (*(number.name for number in SIGNALS), *COUNTS)
    print("| command | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, count in counts.items():
        print(f"| {name} | " + " | ".join(str(count[column]) for column in columns) + " |")
    wrong = sum(count[column] for count in counts.values() for column in COUNTS)
    print(f"{args.kills} kills, seed {args.seed}: {wrong} wrong (limit 0)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""How much slower or faster than another version of hooke: processor seconds and peak memory of both, as ratios.

    python benchmarks/ratio.py ../base/src src

Both run in turn, each time in a process of its own, so that a busy machine slows both alike. A ratio above 1 means that
the second version costs more; the exit status is 1 when one passes its limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from hooke.datasets import simulate
from hooke.io import write_png

SEGMENT = "import hooke; print(len(hooke.segment({image!r}, threads=1).table))"
TASKS = {  # arguments of the interpreter, times that each version runs it, highest ratio allowed
    "import hooke": (["-c", "import hooke"], 20, 1.2),
    "hooke --help": (["-m", "hooke", "--help"], 10, 1.15),
    "hooke segment, 512×512": (["-m", "hooke", "segment", "{small}", "-o", "{out}", "--overwrite", "-q"], 6, 1.1),
    "hooke.segment, 2048×2048": (["-c", SEGMENT.format(image="{large}")], 3, 1.1),
}


def main() -> int:
    """Measure both versions and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path, help="folder that holds the package hooke, to compare with")
    parser.add_argument("new", type=Path, help="the same, of the version to judge")
    sources = parser.parse_args()
    slow = []
    print("| task | s, base | s, new | ratio | MB, base | MB, new | ratio |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        places = {"out": f"{folder}/out"}
        for name, side in (("small", 512), ("large", 2048)):
            places[name] = f"{folder}/{name}.png"
            write_png(Path(places[name]), simulate((side, side), seed=0).image)
        for task, (arguments, repeats, limit) in TASKS.items():
            command = [argument.format(**places) for argument in arguments]
            runs: tuple[list[tuple[float, float]], ...] = ([], [])
            for _ in range(repeats):
                for source, measured in zip((sources.base, sources.new), runs, strict=True):
                    measured.append(cost(command, source))
            (base_s, base_mb), (new_s, new_mb) = (map(statistics.median, zip(*run, strict=True)) for run in runs)
            ratios = new_s / base_s, new_mb / base_mb
            print(
                f"| {task} | {base_s:.2f} | {new_s:.2f} | {ratios[0]:.2f} "
                f"| {base_mb:.0f} | {new_mb:.0f} | {ratios[1]:.2f} |",
                flush=True,
            )
            if max(ratios) > limit:
                slow.append(f"{task}: {max(ratios):.2f}, limit {limit}")
    print("\n" + "\n".join(slow or ["all within their limits"]))
    return 1 if slow else 0


def cost(arguments: list[str], source: Path) -> tuple[float, float]:
    """Processor seconds and peak memory in MB of Python with these arguments, with hooke from that folder."""
    environment = os.environ | {"PYTHONPATH": str(source.resolve())}
    process = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed with hooke from {source}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())

"""Measures the page of `hooke serve` in Chromium: frames while a large image is panned, and the time of an edit.

python benchmarks/page.py [--side 20000] [--objects 100000] [--folder FOLDER] [--edits 20] [--drawn]

An image of simulated nuclei is written, opened by its path and segmented by the server; then the pointer drags it to
and fro at three scales, and objects are edited one after another, by keys and by the pointer. A frame's time is the
time between two calls of requestAnimationFrame; an edit's is from the key or the end of the stroke to the painted
tiles, as the page measures it. Beside it stands the processor time of the server and of the page in the second around
it, which does not depend on what else the machine does. Needs the extras serve and browser and a Chromium. With
`--folder`, the image and the server's work folder are kept, and a second run measures without segmenting again.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hooke.datasets import Simulated, simulate
from hooke.io import write_png
from serving.mosaic import write_mosaic, write_result
from serving.running import job_processor_seconds, processor_seconds, running_server

FIELD = 2000  # pixels: the side of the simulated field that is repeated
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
PAINTED = """() => [...document.querySelectorAll('.label-layer canvas')].some((canvas) =>
  new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)
    .some((pixel) => pixel !== 0))"""
PAN = """async ([frames, step]) => {
  const target = document.querySelector('#map .ol-viewport');
  const box = target.getBoundingClientRect();
  let [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const send = (type, on) => on.dispatchEvent(new PointerEvent(type, {
    bubbles: true, cancelable: true, clientX: x, clientY: y, pointerId: 1, pointerType: 'mouse', isPrimary: true,
    button: 0, buttons: type === 'pointerup' ? 0 : 1,
  }));
  const next = () => new Promise(requestAnimationFrame);
  const times = [];
  let last = await next();
  for (let frame = 0; frame < frames; ) {
    [x, y] = [box.left + box.width * 0.8, box.top + box.height * 0.6];
    send('pointerdown', target.querySelector('canvas') ?? target);
    for (let moved = 0; moved < box.width * 0.6 && frame < frames; moved += step, frame++) {
      x -= step;
      y -= step / 4;
      send('pointermove', document);
      const now = await next();
      times.push(now - last);
      last = now;
    }
    send('pointerup', document);
    last = await next();
  }
  return times;
}"""


def main() -> None:
    """Write the image, run the server and the browser, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=20000, help="pixels")
    parser.add_argument("--objects", type=int, default=100_000, help="about")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--folder", type=Path)
    parser.add_argument(
        "--drawn", action="store_true", help="take the simulator's outlines; --side is a multiple of 2000"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        field = draw_field(given.side, given.objects)
        image = folder / f"field-{given.side}-{given.objects}.tif"
        if not image.exists():
            write_mosaic(image, field, given.side)
        if given.drawn and not (folder / "work").exists():
            with running_server("--allow-paths", folder=folder / "work") as server:
                id_ = server.post_json("/api/images/local", {"path": str(image)}).json()["id"]
            write_result(folder / "work" / "images" / id_, field, given.side)
        with running_server("--allow-paths", folder=folder / "work") as server:
            measure(f"{server.address}/", image, given, server.process.pid)


def draw_field(side: int, objects: int) -> Simulated:
    """Draw the field that is repeated."""
    diameter = 0.5 * np.sqrt(side * side / objects)
    return simulate((FIELD, FIELD), diameter=float(diameter), density=0.22, overlap=0.1, seed=1)


def measure(address: str, image: Path, given: argparse.Namespace, server: int) -> None:
    """Open the image in the page, pan, edit."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS, headless=True)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(3_600_000)
        page.goto(address)
        page.wait_for_selector("#model option:nth-child(2)", state="attached")
        page.wait_for_timeout(1000)
        drop(page, image.parent, server)
        if not page.locator(f"#images li:has-text('{image.name}')").count():
            page.fill("#path", str(image))
            started = time.perf_counter()
            page.click("#by-path button")
            wait_for_outlines(page, image.name)
            print(f"opened and segmented in {time.perf_counter() - started:.0f} s")
        page.click(f"#images .open:has-text('{image.name}')")
        wait_for_outlines(page, image.name)
        page.wait_for_timeout(3000)
        print(
            f"{page.inner_text('#tab-objects .summary')}; {browser.version}, software rendering, window of 1440 x 900"
        )
        full = round(np.log2(given.side / 750))  # clicks from the whole image to about full resolution
        for name, steps in (("whole image", 0), ("in between", full // 2), ("full resolution", full)):
            zoom_to(page, steps)
            before = page.screenshot()
            report(name, page.evaluate(PAN, [given.frames, 12]))
            if page.screenshot() == before:
                raise SystemExit("the image did not move: these frames say nothing")
        edit(page, given.edits, server)
        browser.close()


def drop(page: Any, folder: Path, server: int) -> None:
    """Add images of 1 megapixel and measure the time to their outlines; the first one warms the server."""
    times, processor = [], []
    for seed in range(4):
        file = folder / f"drop-{seed}.png"
        write_png(file, simulate((1000, 1000), seed=seed).image)
        started, before = time.perf_counter(), job_processor_seconds(server)
        page.set_input_files("#files", str(file))
        page.wait_for_selector(f"#images li:has-text('{file.name}')")
        page.click(f"#images .open:has-text('{file.name}')")
        wait_for_outlines(page, file.name)
        times.append(time.perf_counter() - started)
        processor.append(job_processor_seconds(server) - before)
    warm = times[1:]
    print(
        f"1 megapixel: outlines {np.median(warm):.2f} s after the drop (median of {len(warm)}), cold {times[0]:.2f} s; "
        f"processor time of the server {np.median(processor[1:]):.2f} s"
    )
    page.on("dialog", lambda dialog: dialog.accept())
    for _ in times:
        page.click("#images li:has-text('drop-') .remove >> nth=0")
        page.wait_for_timeout(500)


def wait_for_outlines(page: Any, name: str) -> None:
    """Wait until objects of an image are painted."""
    page.wait_for_selector(f"#title:has-text('{name}')")
    page.wait_for_selector(".trow")
    while not page.evaluate(PAINTED):
        page.wait_for_timeout(20)


def zoom_to(page: Any, steps: int) -> None:
    """Show the whole image, then zoom in by a number of steps of 2, and wait for the tiles."""
    page.click("#tool-fit")
    for _ in range(steps):
        page.wait_for_timeout(400)
        page.click("#tool-plus")
    page.wait_for_timeout(3000)


def report(name: str, times: list[float]) -> None:
    """Print the median and the slowest frames."""
    middle, slow = np.percentile(times, [50, 95])
    share = np.mean(np.asarray(times) <= 100 / 3)
    print(f"{name}: median frame {middle:.1f} ms, 95 % within {slow:.1f} ms, {share:.0%} of {len(times)} within 33 ms")


def edit(page: Any, count: int, server: int) -> None:
    """Edit by keys and by the pointer, and print how long each kind of edit takes from there to the painted tiles."""
    clock = Clock(page, server)
    page.focus(".grid")
    page.keyboard.press("Home")  # brings an object into view
    for name, key in {"delete": "Delete", "split": "x", "grow": "g"}.items():
        clock.begin()
        for _ in range(count):
            page.focus(".grid")
            page.keyboard.press("ArrowDown")
            page.wait_for_timeout(300)
            clock.time(lambda key=key: page.keyboard.press(key))
        clock.report(name)
    box = page.locator("#map").bounding_box()
    rng = np.random.default_rng(0)
    for name, key in {"draw": "d", "brush": "b", "erase": "e", "split by a line": "s"}.items():
        page.keyboard.press("Escape")
        page.focus("#map")
        page.keyboard.press(key)
        clock.begin()
        for _ in range(count):
            x, y = (box[start] + box[size] * rng.uniform(0.2, 0.8) for start, size in (("x", "width"), ("y", "height")))
            around = [(x + 16 * np.cos(turn), y + 16 * np.sin(turn)) for turn in np.linspace(0, 6.2, 14)]
            points = around if name == "draw" else [(x - 20, y - 20), (x, y), (x + 30, y + 30)]
            clock.time(lambda points=points: stroke(page, points))
        clock.report(name)
    page.keyboard.press("Escape")
    clock.begin()
    for _ in range(count):
        clock.time(lambda: page.keyboard.press("Control+z"))
    clock.report("undo")


class Clock:
    """Times edits, and counts the processor time of the server and of the page."""

    def __init__(self, page: Any, server: int) -> None:
        self.page = page
        self.server = server
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("Performance.enable")

    def begin(self) -> None:
        """Begin with a kind of edit."""
        self.times: list[float] = []
        self.cpu: list[list[float]] = []

    def time(self, act: Callable[[], None]) -> None:
        """Do something and note the times of the edits that came of it: none where it changed nothing."""
        self.page.evaluate("() => performance.clearMeasures()")
        before = self._cpu()
        act()
        self.page.wait_for_timeout(1000)
        self.cpu.append([1000 * (after - first) for first, after in zip(before, self._cpu(), strict=True)])
        measures = "() => performance.getEntriesByName('hooke-edit').map((entry) => entry.duration)"
        self.times += self.page.evaluate(measures)

    def report(self, name: str) -> None:
        """Print the median and the slowest edits."""
        if not self.times:
            raise SystemExit(f"{name}: nothing was edited")
        middle, slow = np.percentile(self.times, [50, 95])
        server, page = np.median(self.cpu, axis=0)
        print(
            f"edit, {name}: median {middle:.0f} ms, 95 % within {slow:.0f} ms, of {len(self.times)}; "
            f"processor time {server:.0f} ms of the server, {page:.0f} ms of the page",
            flush=True,
        )

    def _cpu(self) -> tuple[float, float]:
        """Seconds of processor time of the server and of the page's process."""
        metrics = {one["name"]: one["value"] for one in self.devtools.send("Performance.getMetrics")["metrics"]}
        return processor_seconds(self.server), metrics["ProcessTime"]


def stroke(page: Any, points: list[tuple[float, float]]) -> None:
    """Drag the pointer along points of the screen."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    page.mouse.up()


if __name__ == "__main__":
    main()

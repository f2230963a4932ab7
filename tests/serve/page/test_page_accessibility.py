"""No violation by axe-core, in every state of the page, light, dark and on a phone; nor on the reports of commands."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from hooke.datasets import simulate
from hooke.io import write_png
from tests.serve.page.conftest import until
from tests.serve.page.test_page_in_browser import add, wait_for_objects

pytestmark = pytest.mark.slow


def violations(page, axe: str) -> list[str]:
    """What axe-core finds, a line per rule and element."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_of_the_page(server, new_page, axe, fields, tmp_path, scheme):
    page = new_page(server, color_scheme=scheme)
    assert violations(page, axe) == []

    bad = tmp_path / "notes.txt"
    bad.write_text("no image", encoding="utf-8")
    add(page, *[file for file, _ in fields], bad)
    wait_for_objects(page)
    until(page, "document.querySelectorAll('.state[data-state=segmented]').length === 3")
    page.wait_for_selector("#refused .warning")
    assert violations(page, axe) == []

    page.focus(".grid")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.click(".filters summary")
    page.fill("#new-class", "odd")
    page.click("text=Set class")
    page.wait_for_selector(".trow .cell.text:text-is('odd')")
    assert violations(page, axe) == []

    for tab in ("plots", "counts", "look", "learn", "save"):
        page.click(f"#tab-{tab}-button")
        if tab == "look":
            page.select_option("#colour-by", "area")
        page.wait_for_timeout(100)
        assert violations(page, axe) == [], tab

    page.click("#open-help")
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    page.fill("#diameter", "wide")
    page.click("#segment")
    page.wait_for_selector(".toast.error")
    assert violations(page, axe) == []


def test_every_part_on_a_phone(server, new_page, axe, fields):
    page = new_page(server, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert violations(page, axe) == []
    add(page, fields[0][0])
    until(page, "document.querySelectorAll('.trow').length > 0")
    for panel in ("images", "viewer", "results"):
        page.click(f".phone-nav [data-panel={panel}]")
        page.wait_for_timeout(200)
        assert violations(page, axe) == [], panel
        # Nothing is wider than the screen.
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for tab in ("objects", "plots", "counts", "look", "learn", "save"):
        page.click(f"#tab-{tab}-button")
        page.wait_for_timeout(100)
        assert violations(page, axe) == [], tab
    page.reload()  # the image is opened while the viewer is hidden: it is fitted once it is shown
    page.click(".phone-nav [data-panel=images]")
    until(page, "document.querySelectorAll('.trow').length > 0")
    page.click(".phone-nav [data-panel=viewer]")
    until(page, "Number.parseInt(document.querySelector('#scale-text').textContent) >= 50")

    def middle() -> list[int]:
        """Pixel of the image in the middle of the viewer."""
        box = page.locator("#map").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2 - 3, box["y"] + box["height"] / 2 - 3)
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        return [int(number) for number in re.findall(r"\d+", page.inner_text("#readout"))]

    before = middle()
    assert np.abs(np.subtract(before, (128, 160))).max() < 4
    page.click(".phone-nav [data-panel=results]")
    page.click("#tab-objects-button")
    page.click(".trow >> nth=0")  # an object that is in view already: the image stays where it is
    page.click(".phone-nav [data-panel=viewer]")
    page.wait_for_timeout(500)
    assert middle() == before


def test_reports_of_commands(chromium, axe, tmp_path):
    """Pages of segment, evaluate, compare, doctor and track: plain ones, and with warnings and several images."""
    fields = [simulate((256, 320), seed=seed, density=0.15) for seed in (4, 5)]
    for name in ("images", "labels", "frames"):
        (tmp_path / name).mkdir()
    for number, field in enumerate(fields):
        write_png(tmp_path / "images" / f"{number}.png", field.image)
        tifffile.imwrite(tmp_path / "labels" / f"{number}.tif", field.labels.astype(np.uint16))
    for number in range(3):
        moved = np.roll(fields[0].labels, 3 * number, axis=1)
        tifffile.imwrite(tmp_path / "frames" / f"t{number}.tif", moved.astype(np.uint16))
    noise = np.random.default_rng(0).integers(0, 255, (256, 320), dtype=np.uint8)
    write_png(tmp_path / "images" / "noise.png", noise)
    commands = [
        "samples --out data --size 256 --count 2",
        "segment images --out found",
        "evaluate found labels --out scores",
        "evaluate labels labels --out perfect",
        "compare scores perfect --out comparison",
        "doctor data --out checked",
        "track frames --out tracks",
    ]
    for command in commands:
        arguments = [sys.executable, "-m", "hooke", *command.split()]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stdout + done.stderr  # 1: something was found, or is missing
    pages = sorted(tmp_path.rglob("*.html"))
    assert len({page.parent.name for page in pages}) == 6, pages
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme, viewport={"width": 1100, "height": 900})
        for file in pages:
            page = context.new_page()
            page.goto(file.as_uri())
            assert violations(page, axe) == [], (file.name, scheme)
            page.close()
        context.close()

"""The page in Chromium against a real server: what a person does with it, from the drop to the download."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.serve.page.conftest import View, start_server, until

pytestmark = pytest.mark.slow

REAL = Path(__file__).parents[3] / "src" / "hooke" / "datasets" / "pictures" / "immunohistochemistry.jpg"


def add(page, *files) -> None:
    page.set_input_files("#files", [str(file) for file in files])


def objects(page) -> int:
    """Number of objects that the page says there are."""
    return int(re.match(r"[\d,]+", page.inner_text("#tab-objects .summary"))[0].replace(",", ""))


def wait_for_objects(page, count: int | None = None) -> int:
    expected = r"/^[\d,]+ objects?/" if count is None else f"/^{count:,} objects?/"
    until(page, f"{expected}.test(document.querySelector('#tab-objects .summary').textContent)")
    return objects(page)


def download(page, name: str, folder: Path) -> Path:
    page.click("#tab-save-button")
    with page.expect_download() as waiting:
        page.click(f"#tab-save a:text-is('{name}')")
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    page.click("#tab-objects-button")
    return file


def outline_pixels(page) -> int:
    """Opaque pixels of the layer of objects."""
    return page.evaluate(
        """() => {
          let found = 0;
          for (const canvas of document.querySelectorAll('.label-layer canvas')) {
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            for (let i = 3; i < data.length; i += 4) found += data[i] > 200;
          }
          return found;
        }"""
    )


def test_a_real_image_is_outlined_corrected_downloaded_and_found_again(server, new_page, tmp_path):
    page = new_page(server)
    add(page, REAL)
    count = wait_for_objects(page)
    assert count > 10
    until(page, "document.querySelector('.label-layer canvas')")
    page.wait_for_timeout(300)
    assert outline_pixels(page) > 500
    assert "Model" in page.inner_text("#chosen")

    page.focus(".grid")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Delete")
    wait_for_objects(page, count - 1)
    page.keyboard.press("Control+z")
    wait_for_objects(page, count)
    page.keyboard.press("Control+Shift+Z")
    wait_for_objects(page, count - 1)

    labels = tifffile.imread(download(page, "Label image", tmp_path))
    assert len(np.unique(labels)) - 1 == count - 1
    with download(page, "Measurements", tmp_path).open(newline="", encoding="utf-8") as file:
        assert sum(1 for _ in csv.DictReader(file)) == count - 1
    outlines = json.loads(download(page, "Outlines", tmp_path).read_text(encoding="utf-8"))
    assert len(outlines["features"]) == count - 1
    everything = download(page, "Everything as zip", tmp_path)
    assert zipfile.ZipFile(everything).testzip() is None

    page.reload()
    wait_for_objects(page, count - 1)
    server.stop()
    again = start_server(server.folder)
    try:
        page = new_page(again)
        wait_for_objects(page, count - 1)
        assert page.is_enabled("#tool-undo")
        page.click("#tool-undo")
        wait_for_objects(page, count)
    finally:
        again.stop()


def test_a_click_selects_in_image_and_table_and_tools_change_what_they_touch(server, new_page, fields):
    file, truth = fields[0]
    page = new_page(server)
    add(page, file)
    count = wait_for_objects(page)
    place = View(page, *truth.shape)
    ys, xs = np.nonzero(truth == largest(truth))
    y, x = int(np.median(ys)), int(np.median(xs))
    page.wait_for_timeout(500)

    page.mouse.click(*place(y, x))
    page.wait_for_selector(".trow[aria-selected=true]")
    assert "1 selected" in page.inner_text("#tab-objects .summary")
    label = page.inner_text(".trow[aria-selected=true] .cell >> nth=0")
    page.mouse.move(*place(y + 1, x + 1))
    assert page.inner_text("#tip strong") == f"Object {label}"

    page.keyboard.press("s")
    place.drag([(y - 30, x), (y, x), (y + 30, x)])
    wait_for_objects(page, count + 1)
    page.keyboard.press("Control+z")
    wait_for_objects(page, count)
    page.keyboard.press("x")  # the same without the pointer
    wait_for_objects(page, count + 1)
    page.keyboard.press("Control+z")
    wait_for_objects(page, count)

    empty_y, empty_x = free_place(truth)
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    ring = [(empty_y + 5 * np.sin(a), empty_x + 5 * np.cos(a)) for a in np.linspace(0, 6.2, 12)]
    place.drag(ring)
    wait_for_objects(page, count + 1)
    until(page, "/1 selected/.test(document.querySelector('#tab-objects .summary').textContent)")
    page.wait_for_selector(".trow[aria-selected=true]")
    area = selected_area(page)
    assert 40 < area < 110  # a circle of radius 5 holds 79 pixels
    page.keyboard.press("b")
    place.drag([(empty_y, empty_x), (empty_y, empty_x + 9)])
    until(page, f"Number({SELECTED_AREA}) > {area}")
    grown = selected_area(page)
    page.keyboard.press("e")
    place.drag([(empty_y - 12, empty_x + 2), (empty_y + 12, empty_x + 2)])
    until(page, f"Number({SELECTED_AREA}) < {grown}")
    page.keyboard.press("Escape")

    page.keyboard.press("a")
    page.fill("#new-class", "<b>odd</b>")
    page.click("text=Set class")
    page.wait_for_selector(".trow .cell.text:text-is('<b>odd</b>')")
    page.click("#tab-look-button")
    page.select_option("#colour-by", "class")
    assert page.inner_text("#legend") == "<b>odd</b>"


SELECTED_AREA = (
    "[...document.querySelectorAll('.trow[aria-selected=true] .cell')]["
    "[...document.querySelectorAll('.thead .cell')].findIndex((cell) => cell.textContent === 'area')].textContent"
)


def selected_area(page) -> float:
    return float(page.evaluate(SELECTED_AREA))


def largest(labels: np.ndarray) -> int:
    """Largest object that is not at the border."""
    inner = labels[30:-30, 30:-30]
    return int(np.argmax(np.bincount(inner[inner > 0])))


def free_place(labels: np.ndarray) -> tuple[int, int]:
    """A pixel with no object within 16 pixels."""
    import cv2

    distance = cv2.distanceTransform((labels == 0).astype(np.uint8), cv2.DIST_L2, 5)
    distance[:20] = distance[-20:] = distance[:, :20] = distance[:, -20:] = 0
    y, x = np.unravel_index(np.argmax(distance), distance.shape)
    assert distance[y, x] > 16
    return int(y), int(x)


def test_an_edit_in_another_tab_is_said_and_nothing_is_lost(server, new_page, fields):
    first = new_page(server)
    add(first, fields[0][0])
    count = wait_for_objects(first)
    second = new_page(server)
    wait_for_objects(second, count)
    for page in (first, second):
        page.focus(".grid")
        page.keyboard.press("ArrowDown")
    first.keyboard.press("Delete")
    wait_for_objects(first, count - 1)
    second.keyboard.press("ArrowDown")
    second.keyboard.press("Delete")
    second.wait_for_selector(".toast:has-text('another tab')")
    wait_for_objects(second, count - 1)  # the first tab's edit is there, the second one was not made
    assert second.inner_text("#images .state") == f"{count - 1} objects"
    second.focus(".grid")
    second.keyboard.press("ArrowDown")
    second.keyboard.press("Delete")
    wait_for_objects(second, count - 2)


def test_files_that_are_no_images_are_refused_one_by_one_and_names_are_text(server, new_page, fields, tmp_path):
    bad = tmp_path / "<img src=x onerror=alert(1)>.tif"
    bad.write_bytes(b"no image")
    page = new_page(server)
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    add(page, fields[0][0], bad)
    page.wait_for_selector("#refused .warning")
    assert bad.name in page.inner_text("#refused")
    assert not page.locator("#refused img").count()
    assert str(server.folder) not in page.inner_text("#refused")
    wait_for_objects(page)
    assert page.locator("#images li").count() == 1
    assert dialogs == []


def test_filters_plots_and_the_gate_act_on_the_same_objects(server, new_page, fields):
    page = new_page(server)
    add(page, fields[1][0])
    count = wait_for_objects(page)
    page.click(".filters summary")
    table = page.get_attribute(".thumb img", "src").split("tiles")[0] + "table?plane=0"
    areas = page.request.get(server.address + table.removeprefix("/")).json()["columns"]["area"]
    limit = int(np.median(areas))
    page.fill("#size-from", str(limit))
    shown = int(np.sum(np.asarray(areas) >= limit))
    until(
        page,
        f"document.querySelector('#tab-objects .summary').textContent.startsWith('{shown} of {count} objects shown')",
    )
    page.click("text=Show all")
    page.click("#tab-plots-button")
    page.fill("[aria-label='Select from the histogram: from']", str(limit))
    page.click("text=Select this range")
    assert page.locator("#tab-objects .summary").text_content().endswith(f"{shown} selected")
    box = page.locator("canvas.plot").bounding_box()
    left, top, right, bottom = (
        box["x"] + 40,
        box["y"] + 5,
        box["x"] + box["width"] * 0.55,
        box["y"] + box["height"] - 25,
    )
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top + 3)):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    page.click("text=Show only these (gate)")
    summary = page.evaluate("document.querySelector('#tab-objects .summary').textContent")
    gated = int(re.match(r"(\d+) of", summary)[1])
    assert 0 < gated < count
    # The lasso's right side in pixels of area: the plot starts 44 and ends 10 pixels within its box.
    side = min(areas) + (max(areas) - min(areas)) * (box["width"] * 0.55 - 44) / (box["width"] - 54)
    assert np.sum(np.asarray(areas) < side - 9) <= gated <= np.sum(np.asarray(areas) < side + 9)


def test_conditions_are_kept_and_counted(server, new_page, fields):
    page = new_page(server)
    add(page, *[file for file, _ in fields])
    until(page, "document.querySelectorAll('.state[data-state=segmented]').length === 3")
    page.click("#tab-counts-button")
    for number, name in enumerate(["drug", "drug", "control"]):
        page.fill(f"[aria-label='Condition of field {number}.png']", name)
        page.keyboard.press("Tab")
    page.wait_for_selector(".condition:has-text('control')")
    said = page.inner_text(".conditions")
    assert "2 images" in said
    page.reload()
    page.click("#tab-counts-button")
    page.wait_for_selector(".condition >> nth=1")
    assert page.inner_text(".conditions") == said


def test_everything_is_reached_by_keyboard(server, new_page, fields):
    page = new_page(server)
    add(page, fields[0][0])
    count = wait_for_objects(page)
    page.evaluate("document.activeElement.blur()")
    where = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(where))
        if reached[-1] == "BODY":
            break
    wanted = {"files", "model", "segment", "open", "tool-select", "tool-fit", "map", "tab-objects-button", "grid"}
    assert wanted <= set(reached)
    assert {"open-help", "theme"} <= set(reached)
    assert len(reached) == len(set(reached))  # no element holds the focus or takes it twice

    page.focus("#tab-objects-button")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#tab-plots")
    page.keyboard.press("ArrowLeft")
    page.focus(".grid")
    page.keyboard.press("End")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("m")
    wait_for_objects(page, count - 1)
    page.click("#open-help")
    page.click("text=Keys of one letter work")
    page.keyboard.press("Escape")
    page.focus(".grid")
    page.keyboard.press("Home")
    page.keyboard.press("x")  # letters are switched off: nothing is split
    page.keyboard.press("Control+z")
    wait_for_objects(page, count)


def test_adapt_shows_its_progress_and_stops(server, new_page, fields):
    pytest.importorskip("lightning", reason="the extra train is not installed")
    page = new_page(server)
    add(page, fields[0][0])
    wait_for_objects(page)
    page.click("#tab-learn-button")
    page.click("#mark-corrected")
    page.wait_for_selector(".state[data-state=corrected]")
    page.click("#adapt")
    page.wait_for_selector(".job:has-text('Adapting')")
    until(page, "!/0 %|waits/.test(document.querySelector('.job-text').textContent)", 60)
    page.click(".job button:text-is('Stop')")
    until(page, "document.querySelectorAll('.job').length === 0", 90)
    assert page.is_enabled("#adapt")
    # What was learnt until then may be kept as a model; a message of an error is not shown.
    assert page.locator(".toast.error").count() == 0

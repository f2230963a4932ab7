"""Tracks in the page: tails over the image, the lineage as a tree in which a track can be chosen, one family alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import tifffile

from hooke.datasets import SequenceSettings, simulate_sequence
from tests.serve.page.conftest import until
from tests.serve.page.test_page_accessibility import violations
from tests.serve.page.test_page_in_browser import add, objects, wait_for_objects

pytestmark = pytest.mark.slow
FRAMES = 10
TAILS = """() => [...document.querySelectorAll('.track-layer canvas')].some((canvas) =>
  canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0))"""


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    """Blurred pictures of a simulated sequence in which objects divide."""
    made = simulate_sequence(SequenceSettings(frames=FRAMES, density=0.08, displacement=0.15), seed=3)
    rng = np.random.default_rng(0)
    frames = [cv2.GaussianBlur((truth > 0).astype(np.float32), (0, 0), 1.5) * 900 + 100 for truth in made.truth]
    noisy = [rng.normal(frame, 12).clip(0, 65535).astype(np.uint16) for frame in frames]
    file = tmp_path_factory.mktemp("movie") / "movie.ome.tif"
    tifffile.imwrite(file, np.stack(noisy), ome=True, metadata={"axes": "TYX"}, photometric="minisblack")
    return file


@pytest.fixture
def followed(server, new_page, movie):
    pytest.importorskip("laptrack", reason="the extra track is not installed")
    page = new_page(server)
    add(page, movie)
    wait_for_objects(page)
    assert page.is_hidden("#tab-tracks-button")
    page.click("#track")
    page.wait_for_selector("#tab-tracks-button", state="visible", timeout=60_000)
    return page


def step(page, key: str, frame: int) -> None:
    page.focus("#map")
    page.keyboard.press(key)
    until(page, f"document.querySelector('#tab-tracks .summary').textContent.includes('Frame {frame} is')")
    until(page, "/object/.test(document.querySelector('#tab-objects .summary').textContent)")


def test_tails_and_the_lineage(followed, axe):
    page = followed
    page.click("#tab-tracks-button")
    assert not page.evaluate(TAILS)  # the first frame has no past
    for frame in range(2, 6):
        step(page, ".", frame)
    until(page, f"({TAILS})()")
    page.click("label:has-text('Tails')")
    until(page, f"!({TAILS})()")
    page.click("label:has-text('Tails')")
    until(page, f"({TAILS})()")
    step(page, ",", 4)

    options = page.locator("#family option").all_inner_texts()
    assert "2 descendants" in options[1]  # families that divide come first
    page.select_option("#family", index=1)
    page.wait_for_selector(".life >> nth=2")
    names = page.evaluate("[...document.querySelectorAll('.life')].map((item) => item.getAttribute('aria-label'))")
    (mother,) = [name for name in names if "divides into" in name]
    daughter = next(name for name in names if name != mother)
    page.focus(f"[aria-label='{daughter}']")
    page.keyboard.press("Enter")
    # The first frame of the daughter is shown, and the daughter is selected there.
    number, begins = int(daughter.split()[1].strip(",")), int(daughter.split()[3])
    until(page, f"document.querySelector('#tab-tracks .summary').textContent.includes('Frame {begins} is')")
    until(page, "document.querySelector('#tab-objects .summary').textContent.endsWith(' 1 selected')")
    assert page.get_attribute(f".life[data-track='{number}']", "aria-pressed") == "true"
    page.click("label:has-text('Show only this family')")
    shown = page.evaluate("document.querySelector('#tab-objects .summary').textContent")
    assert shown.startswith(("1 of", "2 of"))
    assert violations(page, axe) == []
    page.click("#tab-objects-button")
    page.click(".filters summary")
    page.click("text=Show all")
    assert not page.is_checked("#only-family")


def test_a_selected_object_names_its_track_and_an_edited_one_leaves_it(followed):
    page = followed
    step(page, ".", 2)
    count = objects(page)
    page.focus(".grid")
    page.keyboard.press("ArrowDown")
    page.click("#tab-tracks-button")
    page.wait_for_selector(".life.chosen")
    page.focus("#map")
    page.keyboard.press("Delete")
    until(page, f"document.querySelector('#tab-objects .summary').textContent.startsWith('{count - 1} object')")
    page.click("#track")  # after another tracking, the page shows the new lineage
    until(page, "document.querySelectorAll('.job').length === 0", 60)
    assert page.is_visible("#tab-tracks-button")


def test_what_another_tab_removed_leaves_the_list_when_the_page_is_seen_again(server, new_page, fields):
    page = new_page(server)
    add(page, fields[0][0], fields[1][0])
    until(page, "document.querySelectorAll('.state[data-state=segmented]').length === 2")
    first = page.evaluate("document.querySelector('#images li').dataset.id")
    page.request.delete(f"{server.address}api/images/{first}", headers={"Origin": server.address.rstrip("/")})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(page, "document.querySelectorAll('#images li').length === 1")
    until(page, "/removed elsewhere/.test(document.querySelector('#toasts').textContent)")
    until(page, f"document.querySelector('#title').textContent === '{fields[1][0].name}'")

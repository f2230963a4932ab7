"""The loop that the page is for: drop images, correct those that hooke names, learn; the others are found better."""

from __future__ import annotations

import json
import re
import time
import urllib.request

import cv2
import numpy as np
import pytest
import tifffile

from hooke.datasets import simulate
from hooke.io import write_png
from hooke.metrics import count_overlap, dsb_score
from tests.serve.page.conftest import until
from tests.serve.page.test_page_in_browser import add, objects

pytestmark = pytest.mark.slow
PIXELS = 2  # this person outlines nuclei wider than hooke does
STEPS = 20  # of adapting: a person lets it train longer


def widened(labels: np.ndarray) -> np.ndarray:
    """Labels grown over the background: the greatest number wins where two meet."""
    grown = labels.copy()
    for _ in range(PIXELS):
        wider = cv2.dilate(grown.astype(np.float32), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
        grown = np.where(grown == 0, wider.astype(np.int32), grown)
    return grown


def downloaded(page, server, tmp_path, name: str) -> np.ndarray:
    address = page.evaluate(
        """(name) => [...document.querySelectorAll('#images li')]
            .find((item) => item.querySelector('.name').textContent === name).dataset.id""",
        name,
    )
    file = tmp_path / "labels.tif"
    file.write_bytes(page.request.get(f"{server.address}api/images/{address}/download/labels.tif").body())
    return tifffile.imread(file)


def correct(page) -> None:
    """Widen all objects of the image that is shown, and call it corrected."""
    page.focus("#map")
    page.keyboard.press("a")
    for done in range(PIXELS):
        page.keyboard.press("g")
        until(page, f"performance.getEntriesByName('hooke-edit').length % {PIXELS} === {(done + 1) % PIXELS}")
    page.click("#tab-learn-button")
    page.click("#mark-corrected")
    until(page, "document.querySelector('[aria-current] .state').dataset.state === 'corrected'")


def limit_steps(route) -> None:
    """Let adapting train for a few steps only: the page itself names no number."""
    order = route.request.post_data_json or {}
    if order.get("kind") == "adapt":
        order["options"] = {**order.get("options", {}), "steps": STEPS}
        route.continue_(post_data=json.dumps(order))
    else:
        route.continue_()


@pytest.mark.parametrize("way", ["tune", "adapt"])
def test_correcting_what_is_suggested_raises_the_score_of_the_rest(server, new_page, tmp_path, way):
    if way == "adapt":
        pytest.importorskip("lightning", reason="the extra train is not installed")
    truth = {}
    for seed in range(8):
        field = simulate((256, 256), seed=seed, density=0.12, overlap=0)
        name = f"field{seed}.png"
        write_png(tmp_path / name, field.image)
        truth[name] = widened(field.labels)
    page = new_page(server)
    page.route("**/api/jobs", limit_steps)
    add(page, *[tmp_path / name for name in truth])
    until(page, "document.querySelectorAll('.state[data-state=segmented]').length === 8", 120)

    page.click("#tab-learn-button")
    page.click("text=Suggest images")
    page.wait_for_selector(".suggestions li >> nth=2", timeout=120_000)
    suggested = page.locator(".suggestions button").all_inner_texts()
    assert len(set(suggested)) == 3
    for name in suggested:
        page.click("#tab-learn-button")
        page.click(f".suggestions button:text-is('{name}')")
        until(page, f"document.querySelector('#title').textContent === '{name}'")
        page.click("#tab-objects-button")
        until(page, "/^\\d+ object/.test(document.querySelector('#tab-objects .summary').textContent)")
        assert objects(page) > 5
        correct(page)
    assert page.inner_text("#corrected-count") == "3 of 8 images corrected."

    others = [name for name in truth if name not in suggested]
    before = [downloaded(page, server, tmp_path, name) for name in others]
    page.click(f"#{way}")
    page.wait_for_selector(".learnt .scores", timeout=1_200_000)
    assert page.locator(".learnt .gain").count() == 1, page.inner_text(".learnt")
    assert page.inner_text(".learnt h4") == {"tune": "Tuned", "adapt": "Adapted"}[way]
    model = re.search(r"called ([\w-]+)\.", page.inner_text(".learnt"))[1]
    assert page.input_value("#model") == model
    page.click("#segment-all")
    page.wait_for_selector(".job")
    until(page, "document.querySelectorAll('.job').length === 0", 120)
    after = [downloaded(page, server, tmp_path, name) for name in others]

    def mean(found: list[np.ndarray]) -> float:
        scores = [dsb_score(count_overlap(truth[name], labels)) for name, labels in zip(others, found, strict=True)]
        return float(np.mean(scores))

    assert mean(after) > mean(before) + 0.05, (mean(before), mean(after))

    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#tab-learn-button")
    assert page.inner_text(".models .name") == model
    page.click(f"[aria-label='Delete the model {model}']")
    until(page, "document.querySelectorAll('.models li').length === 0")
    assert page.locator(f"#model option[value='{model}']").count() == 0
    assert list((server.folder / "models").iterdir()) == []


def test_a_browser_that_is_closed_during_adapt_leaves_the_corrections_and_no_half_model(server, new_page, fields):
    pytest.importorskip("lightning", reason="the extra train is not installed")
    names = [file.name for file, _ in fields]
    page = new_page(server)
    add(page, *[file for file, _ in fields])
    until(page, f"document.querySelectorAll('.state[data-state=segmented]').length === {len(names)}", 120)
    for name in names:
        page.click(f"#images li:has(.name:text-is('{name}'))")
        until(page, f"document.querySelector('#title').textContent === '{name}'")
        page.click("#tab-objects-button")
        until(page, "/^\\d+ object/.test(document.querySelector('#tab-objects .summary').textContent)")
        correct(page)
    page.click("#adapt")
    until(page, "/step|left/.test(document.querySelector('.job')?.textContent ?? '')", 300)
    page.context.close()

    end = time.monotonic() + 120
    while (state := only_job(server)["state"]) == "running":
        assert time.monotonic() < end, "the job of a page that is gone continues"
        time.sleep(0.5)
    assert state == "cancelled"
    assert not list(server.folder.glob("models/*"))
    again = new_page(server)
    until(again, f"document.querySelectorAll('.state[data-state=corrected]').length === {len(names)}")


def only_job(server) -> dict:
    with urllib.request.urlopen(f"{server.address}api/jobs") as answer:
        return next(job for job in json.load(answer)["jobs"] if job["kind"] == "adapt")

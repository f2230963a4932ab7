"""Makes the pictures of the page of `hooke serve`: the simulator's images in a real browser.

python docs/images/page.py

Needs the extras serve and browser and a Chromium.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from hooke.datasets import simulate
from hooke.io import write_png

HERE = Path(__file__).parent
WIDE = 1200


def main() -> None:
    """Draw images, run the server, take the pictures."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = []
        for seed in range(6):
            files.append(folder / f"well_{'ABC'[seed // 2]}{seed % 2 + 1}.png")
            field = simulate((600, 720), seed=seed, density=0.12 + 0.05 * (seed // 2), overlap=0.5)
            write_png(files[-1], field.image)
        command = [sys.executable, "-m", "hooke", "serve", "--port", "0", "--folder", str(folder / "work")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as driver:
            try:
                assert server.stdout is not None
                address = next(found[0] for line in server.stdout if (found := re.search(r"http://[\w.:]+/", line)))
                chromium = shutil.which("chromium") or shutil.which("chromium-browser")
                browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(viewport={"width": 1440, "height": 880}, color_scheme="light")
                page.goto(address)
                page.wait_for_timeout(1500)
                page.set_input_files("#files", [str(file) for file in files])
                page.wait_for_selector(".state[data-state=segmented] >> nth=5", timeout=120_000)
                page.wait_for_selector(".trow")
                page.wait_for_timeout(3000)
                take(page)
                browser.close()
            finally:
                server.terminate()


def take(page: Any) -> None:
    """Go through the states that the tutorial shows."""
    page.click("#tab-look-button")
    page.select_option("#colour-by", "area")
    page.click("#tab-look label:has-text('Fills')")
    page.click("#tab-objects-button")
    page.click(".trow >> nth=2")
    page.click(".trow >> nth=3", modifiers=["Control"])
    save(page, "page")
    page.click("#tab-look-button")
    page.click("#tab-look label:has-text('Fills')")
    page.click("#tab-plots-button")
    box = page.locator("canvas.plot").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    for x, y in ((160, 40), (190, 150), (110, 190), (55, 120), (60, 62)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
    page.mouse.up()
    page.click("#theme")
    save(page, "page-plots")
    page.click("#theme")
    page.click("#tab-learn-button")
    page.click("text=Suggest images")
    page.wait_for_selector(".suggestions li >> nth=2", timeout=120_000)
    for place in range(3):
        page.click(f".suggestions button >> nth={place}")
        page.wait_for_timeout(1500)
        page.focus("#map")
        page.keyboard.press("a")
        page.keyboard.press("g")
        page.wait_for_timeout(1000)
        page.click("#mark-corrected")
        page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    page.click("#tune")
    page.wait_for_selector(".learnt h4", timeout=120_000)
    page.wait_for_timeout(7000)
    save(page, "page-learn")


def save(page: Any, name: str) -> None:
    """Take a picture of the page, smaller, as WebP."""
    page.wait_for_timeout(1000)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = picture.resize((WIDE, round(picture.height * WIDE / picture.width)), Image.Resampling.LANCZOS)
    small.save(HERE / f"{name}.webp", quality=80, method=6)
    print(f"{name}.webp: {(HERE / f'{name}.webp').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

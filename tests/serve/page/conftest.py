"""A server of its own, and Chromium: what the tests of the page in a real browser share."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.io import write_png

ROOT = Path(__file__).parents[3]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECOND = 1000  # playwright counts milliseconds


def until(page: Any, condition: str, seconds: float = 30) -> None:
    """Wait until an expression is true in the page; the page's policy forbids playwright's own way of it."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        if time.monotonic() > end:
            said = page.locator("#toasts").inner_text()
            raise AssertionError(f"never so: {condition}; the page says: {said!r}")
        page.wait_for_timeout(50)


@dataclass
class Server:
    """A running `hooke serve`."""

    folder: Path
    address: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()


def start_server(folder: Path) -> Server:
    command = [sys.executable, "-m", "hooke", "serve", "--port", "0", "--folder", str(folder)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "300"},
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"http://([\w.]+):(\d+)/", line):
            wait_for_port(found[1], int(found[2]))
            return Server(folder, found[0], process)
    raise AssertionError("hooke serve ended: " + "".join(said))


def wait_for_port(host: str, port: int) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((host, port), 1).close()
            return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.fixture(scope="session")
def chromium():
    """The browser; skips where there is none."""
    pytest.importorskip("fastapi", reason="the extra serve is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")
    path = os.environ.get("HOOKE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium: install the system's package, or name it in HOOKE_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS, headless=True)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core; skips where npm has not installed it."""
    places = [os.environ.get("HOOKE_AXE"), ROOT / "node_modules" / "axe-core" / "axe.min.js"]
    for place in places:
        if place and Path(place).is_file():
            return Path(place).read_text(encoding="utf-8")
    return pytest.skip("no axe-core: npm install --no-save axe-core, or name axe.min.js in HOOKE_AXE")


@pytest.fixture
def server(tmp_path, chromium) -> Iterator[Server]:
    """A server with an empty work folder."""
    running = start_server(tmp_path / "work")
    yield running
    running.stop()


@pytest.fixture
def new_page(chromium) -> Iterator[Callable]:
    """Open a page of a server; at the end, no script may have failed."""
    contexts, failures = [], []

    def make(server: Server, **options):
        context = chromium.new_context(viewport=options.pop("viewport", {"width": 1280, "height": 800}), **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30 * SECOND)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda said: failures.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(server.address)
        until(page, "document.querySelector('#model').options.length > 1")
        return page

    yield make
    for context in contexts:
        context.close()
    assert failures == []


@dataclass(frozen=True)
class View:
    """Where pixels of an image that is wholly in view are on the page."""

    page: Any
    height: int
    width: int

    def __call__(self, y: float, x: float) -> tuple[float, float]:
        """Place of a pixel on the page: x and y, as the mouse takes them."""
        box = self.page.locator("#map").bounding_box()
        scale = min((box["width"] - 24) / self.width, (box["height"] - 24) / self.height)
        left = box["x"] + box["width"] / 2 + (x + 0.5 - self.width / 2) * scale
        return left, box["y"] + box["height"] / 2 + (y + 0.5 - self.height / 2) * scale

    def drag(self, points: list[tuple[float, float]]) -> None:
        """Draw with the mouse along pixels (y, x)."""
        self.page.mouse.move(*self(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self(*point), steps=4)
        self.page.mouse.up()


@pytest.fixture(scope="session")
def fields(tmp_path_factory) -> list[tuple[Path, np.ndarray]]:
    """Simulated fields of nuclei as PNG files of 256 x 320 pixels, with their true labels."""
    folder = tmp_path_factory.mktemp("fields")
    made = []
    for seed in range(3):
        field = simulate((256, 320), seed=seed, density=0.15)
        file = folder / f"field {seed}.png"
        write_png(file, field.image)
        made.append((file, field.labels))
    return made

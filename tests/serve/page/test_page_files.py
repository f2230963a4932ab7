"""The page's files: small, whole, allowed by its Content-Security-Policy, in hooke's colours. No browser is needed."""

from __future__ import annotations

import re
import runpy
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hooke.report.palette import DARK, LIGHT

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "src" / "hooke" / "serve" / "page"
OWN = sorted(path for path in PAGE.glob("*.js") if path.name != "ol.js")


class Elements(HTMLParser):
    """Collects every element with its attributes, and what scripts hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "script" and data.strip():
            self.scripts.append(data)


ELEMENTS = Elements((PAGE / "index.html").read_text(encoding="utf-8"))


def test_page_and_assets_are_at_most_2_mb():
    assert sum(path.stat().st_size for path in PAGE.iterdir()) <= 2_000_000


def test_index_holds_nothing_that_the_policy_forbids():
    assert not ELEMENTS.scripts
    for tag, attributes in ELEMENTS.found:
        assert tag != "style"
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)


def test_every_file_named_is_there_and_none_is_elsewhere():
    named = [value for _, attributes in ELEMENTS.found for name, value in attributes.items() if name in ("src", "href")]
    for address in named:
        if not address.startswith("#"):
            assert address.startswith("/page/"), address
            assert (PAGE / address.removeprefix("/page/").split("#")[0]).is_file(), address


@pytest.mark.parametrize("file", OWN, ids=lambda path: path.name)
def test_modules_import_names_that_are_exported(file):
    for names, source in re.findall(r"import \{([^}]+)\} from \"(\./[\w.]+)\"", file.read_text(encoding="utf-8")):
        text = (PAGE / source).read_text(encoding="utf-8")
        exported = set(re.findall(r"export (?:async )?(?:function|class|const) ([\w$]+)", text))
        for listed in re.findall(r"export const \{([^}]+)\}", text):
            exported |= {name.split(":")[-1].strip() for name in listed.split(",")}
        assert {name.split(" as ")[0].strip() for name in names.split(",")} <= exported, source


@pytest.mark.parametrize("file", OWN, ids=lambda path: path.name)
def test_modules_are_short_say_what_they_do_and_run_no_text(file):
    text = file.read_text(encoding="utf-8")
    assert text.startswith("// ")
    assert text.count("\n") <= 500
    # Names of files and classes come from people: they are set as text, never as markup or code.
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    for line in re.findall(r"\n(.*)\nexport (?:async )?(?:function|class) \w+", text):
        assert line.endswith("*/"), f"an exported name without a comment after {line!r}"


def test_ids_that_modules_ask_for_exist():
    ids = {attributes["id"] for _, attributes in ELEMENTS.found if attributes.get("id")}
    made = {found for file in OWN for found in re.findall(r"\bid: \"([\w-]+)\"", file.read_text(encoding="utf-8"))}
    for file in OWN:
        wanted = set(re.findall(r"\$\(\"([\w-]+)\"\)", file.read_text(encoding="utf-8")))
        toolbar = {name for name in wanted if name.startswith("tool-")}
        assert wanted - toolbar <= ids | made, file.name


@pytest.mark.parametrize(
    ("colours", "start"), [(LIGHT, ":root {"), (DARK, "@media"), (DARK, ':root[data-theme="dark"] {')]
)
def test_colours_are_those_of_hookes_pages(colours, start):
    css = (PAGE / "app.css").read_text(encoding="utf-8")
    [line] = [line for line in css.splitlines() if line.startswith(start) and "--page:" in line]
    assert colours.items() <= dict(re.findall(r"--([\w-]+): (#\w+);", line)).items()


def test_colours_of_classes_are_the_series_of_the_dark_page():
    text = (PAGE / "colours.js").read_text(encoding="utf-8")
    series = re.search(r"SERIES = \[([^\]]+)\]", text)[1]
    assert re.findall(r"#\w+", series) == [DARK[f"s{place}"] for place in range(6)]


def test_openlayers_is_shipped_with_its_licences():
    versions = runpy.run_path(str(ROOT / ".ci" / "openlayers.py"))["VERSIONS"]
    text = (PAGE / "ol.LICENSES").read_text(encoding="utf-8")
    for name, version in versions.items():
        assert f"{name} {version}\n" in text
    assert f'"{versions["ol"]}"' in (PAGE / "ol.js").read_text(encoding="utf-8")
    assert "OpenLayers" in (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")

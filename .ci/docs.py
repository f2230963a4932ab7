"""Builds the documentation site: reference pages from the code, a strict build, and a check of every link and picture.

python .ci/docs.py [--out site] [--pages]

`--pages` writes the reference pages only, for `zensical serve`. They are not in the repository, so never out of date.
"""

from __future__ import annotations

import argparse
import html
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
_EXAMPLE = re.compile(r"^\s*hooke .*")
_SHORTENED = re.compile(r"(?m)^\* `([a-z]+)`: .*\.\.\.$")
_MARKUP = re.compile(r"\[bold\](.*?)\[/(?:bold)?\]|<span style=\"font-weight: bold\">(.*?)</span>")


def command_page() -> str:
    """Write the page of all commands, from the same definitions as `hooke --help`."""
    command = [
        sys.executable,
        "-m",
        "typer",
        "hooke.cli.app",
        "utils",
        "docs",
        "--name",
        "hooke",
        "--title",
        "Commands",
    ]
    made = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True, cwd=ROOT).stdout
    made = _SHORTENED.sub(lambda match: f"* `{match[1]}`: {summary_of(match[1])}", made)
    return fence_examples(_MARKUP.sub(lambda match: f"**{match[1] or match[2]}**", made))


def summary_of(name: str) -> str:
    """First sentence of a command's help, whole."""
    return next(str(command.help).strip().splitlines()[0] for known, command in commands() if known == name)


@cache  # typer takes a tenth of a second to describe them
def commands() -> list[tuple[str, Any]]:
    """Names and definitions of all commands, those of groups last."""
    from typer.main import get_command

    from hooke.cli.app import app

    outer = [*get_command(app).commands.items()]  # type: ignore[attr-defined]
    return outer + [pair for _, group in outer for pair in getattr(group, "commands", {}).items()]


def fence_examples(text: str) -> str:
    r"""Put example lines of help texts, which Markdown would run together, into fenced blocks.

    Examples
    --------
    >>> print(fence_examples("Examples\n\n  hooke info\n\nand more"))

    Examples
    --------
    <BLANKLINE>
    ```bash
    hooke info
    ```
    <BLANKLINE>
    and more
    """
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        inside ^= line.startswith("```")
        if inside or not _EXAMPLE.match(line):
            lines.append(line)
        elif lines[-2:] == ["```", ""]:  # another example after a blank line
            lines[-2:] = [html.unescape(line.strip()), "```"]
        elif lines[-1:] == ["```"]:
            lines[-1:] = [html.unescape(line.strip()), "```"]
        else:
            lines += ["```bash", html.unescape(line.strip()), "```"]
    return "\n".join(lines)


def public_names() -> dict[str, list[str]]:
    """Public names of hooke and of each of its packages that has some."""
    import hooke

    packages = ["hooke", *(module.name for module in pkgutil.walk_packages(hooke.__path__, "hooke.") if module.ispkg)]
    names = {}
    for package in packages:
        if package == "hooke.cli":  # has a page of its own
            continue
        listed = [name for name in getattr(importlib.import_module(package), "__all__", ()) if not name.startswith("_")]
        if listed:
            names[package] = listed
    return names


def python_pages() -> dict[str, str]:
    """Write a page for each package, and an index: name of the file to its text."""
    pages = {}
    index = ["# Python\n", "What is listed here is public; everything else may move between two versions.\n"]
    index += ["| package | what is in it |", "|---|---|"]
    for package, names in public_names().items():
        module = importlib.import_module(package)
        summary = (module.__doc__ or "").strip().splitlines()[0]
        blocks = [f"::: {home_of(module, name)}\n    options:\n      heading: {package}.{name}\n" for name in names]
        pages[f"{package}.md"] = f"# {package}\n\n{summary}\n\n" + "\n".join(blocks)
        index.append(f"| [`{package}`]({package}.md) | {summary} |")
    return pages | {"index.md": "\n".join(index) + "\n"}


def home_of(module: object, name: str) -> str:
    """Module and name where a public name is defined, as its docstring is found there."""
    value = getattr(module, name)
    package = getattr(module, "__name__", "")
    home = getattr(value, "__module__", None) if callable(value) else None
    if home and home.startswith("hooke") and hasattr(importlib.import_module(home), getattr(value, "__name__", "")):
        return f"{home}.{value.__name__}"
    return f"{package}.{name}"


def write_pages(folder: Path = REFERENCE) -> list[Path]:
    """Write all reference pages that come from the code; return their paths."""
    python = folder / "python"
    shutil.rmtree(python, ignore_errors=True)
    python.mkdir(parents=True)
    texts = {folder / "commands.md": command_page()}
    texts |= {python / name: text for name, text in python_pages().items()}
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def build(site: Path) -> str:
    """Build the site with warnings as errors; return what was printed.

    Raises
    ------
    SystemExit
        If there is a warning.
    """
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8")
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    if done.returncode or re.search("[Ww]arning|griffe:", said) or not (ROOT / "site" / "index.html").is_file():
        raise SystemExit(f"the site has warnings:\n{said}")
    if site.resolve() != ROOT / "site":
        shutil.rmtree(site, ignore_errors=True)
        shutil.move(ROOT / "site", site)
    return said


class _Page(HTMLParser):
    """Collects the targets that a page links to or shows, and its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect from one tag."""
        given = dict(attrs)
        self.anchors |= {value for key in ("id", "name") if (value := given.get(key))}
        self.targets += [value for key in ("href", "src") if (value := given.get(key)) and tag != "base"]


def dead_links(site: Path) -> list[str]:
    """List links and pictures of built pages that lead nowhere, or to another server when the page is opened."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        if path.name == "404.html":  # has absolute addresses, since it is shown anywhere
            continue
        pages[path.resolve()] = page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
    return [
        f"{path.relative_to(site.resolve())}: {dead}"
        for path, page in pages.items()
        for dead in _dead(path, page, pages)
    ]


def _dead(path: Path, page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    for target in page.targets:
        if re.match(r"[a-z]+:|//", target):
            continue
        file, anchor = urldefrag(target)
        place = (path.parent / unquote(file)).resolve() if file else path
        if place.is_dir():
            place /= "index.html"
        known = anchor in pages[place].anchors if anchor and place in pages else True
        if not place.is_file() or not (known or anchor.startswith("__")):
            yield target


def main() -> None:
    """Write, build, check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=ROOT / "site")
    parser.add_argument("--pages", action="store_true", help="write the reference pages only")
    args = parser.parse_args()
    pages = write_pages()
    if args.pages:
        return
    build(args.out)
    if dead := dead_links(args.out):
        raise SystemExit("dead links:\n" + "\n".join(dead))
    print(
        f"{len(list(args.out.rglob('*.html')))} pages, {len(pages)} of them from the code, in {args.out}; "
        "no warnings, no dead links"
    )


if __name__ == "__main__":
    main()

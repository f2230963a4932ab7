"""Lists words in the project's texts that are hard to read for people whose first language is not English.

python .ci/words.py [--counts] [FILE ...]

`words.toml` beside this file names the words and what to write instead. Of Python files, strings and comments are
checked; of notebooks, every cell; of the changelog, what is not released yet; of other Markdown, all but `code`; of
other files, everything.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import sys
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PLACES = ("src", "docs", "tests", "benchmarks", "configs", "notebooks", "findings", ".ci", ".github", "workflows")
PLACES += (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "THIRD_PARTY.md",
    "CITATION.cff",
    "pyproject.toml",
)
SUFFIXES = {".py", ".md", ".yaml", ".yml", ".toml", ".ipynb", ".sh", ".txt", ".cff"}

QUOTING = {"words.toml", "test_words.py"}  # name the words themselves


class Rules(NamedTuple):
    """The words to avoid: patterns with replacements, for all texts and for docstrings of modules."""

    instead: dict[re.Pattern[str], str]
    module_docstring: dict[re.Pattern[str], str]
    allowed: tuple[str, ...]
    any_word: re.Pattern[str]

    @classmethod
    def read(cls, file: Path = ROOT / ".ci" / "words.toml") -> Rules:
        """Read the rules from a TOML file."""
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        instead = {compiled(rf"\b(?:{form})\b"): better for form, better in found["instead"].items()}
        docstring = {compiled(form): better for form, better in found["module-docstring"].items()}
        any_word = re.compile(rf"\b(?:{'|'.join(found['instead'])})\b")  # of small letters, which is far faster
        return cls(instead, docstring, tuple(found["allow"]["paths"]), any_word)


class Hit(NamedTuple):
    """A word to avoid: where it is and what to write instead."""

    file: str
    line: int
    word: str
    better: str


def compiled(form: str) -> re.Pattern[str]:
    """Compile a form of `words.toml`; a space also matches a line break."""
    return re.compile(form.replace(" ", "[ \n]"), re.IGNORECASE)


def check(file: Path, rules: Rules, root: Path = ROOT) -> list[Hit]:
    """List the words to avoid in one file, in order."""
    name = file.resolve().relative_to(root.resolve()).as_posix()
    source = file.read_text(encoding="utf-8")
    hits: list[Hit] = []
    if name.endswith(".py") and not may_hold(source, rules):
        return hits
    for line, text, is_module_docstring in texts(name, source):
        # Line breaks stay, so that lines can be counted; indentation and comment signs go.
        flat = re.sub(r"[ \t]*\n[ \t#>]*", "\n", text)
        patterns = rules.instead | (rules.module_docstring if is_module_docstring else {})
        for pattern, better in patterns.items():
            for match in pattern.finditer(flat):
                word = " ".join(match.group().split())
                hits.append(Hit(name, line + flat[: match.start()].count("\n"), word, better))
    return sorted(hits)


def may_hold(source: str, rules: Rules) -> bool:
    """Whether a module may hold a word to avoid; most hold none, and to parse all of them takes seconds."""
    joined = re.sub(r"""(?i)["']\s*[rbfu]{0,2}["']""", "", source.replace(r"\n", " "))  # strings side by side are one
    first = joined.split("\n\n", 1)[0]
    flat = re.sub(r"[\s#>]+", " ", joined.lower())
    return bool(rules.any_word.search(flat)) or any(pattern.search(first) for pattern in rules.module_docstring)


def texts(name: str, source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the texts of a file: first line, text, and whether it is the docstring of a module."""
    if name.endswith(".py"):
        yield from python_strings(source)
        yield from ((line, text, False) for line, text in comments(source))
    elif name.endswith(".ipynb"):
        for cell in json.loads(source)["cells"]:
            yield 1, "".join(cell["source"]), False
    elif name == "CHANGELOG.md":
        yield 1, "".join(re.split(r"(?m)^(?=## )", source)[:2]), False
    elif name.endswith(".md"):
        yield 1, re.sub(r"`[^`\n]*`", "``", source), False
    else:
        yield 1, source, False


def python_strings(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the strings of a module, those of f-strings without what is put into them."""
    tree = ast.parse(source)
    first = tree.body[0].value if tree.body and isinstance(tree.body[0], ast.Expr) else None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value, node is first


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a module; those on consecutive lines are one text."""
    start, end, parts = 0, -1, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.start[0] != end + 1:
            if parts:
                yield start, "\n".join(parts)
            start, parts = token.start[0], []
        parts.append(token.string)
        end = token.start[0]
    if parts:
        yield start, "\n".join(parts)


def project_files() -> list[Path]:
    """List the files whose texts are checked."""
    found = []
    for place in map(ROOT.joinpath, PLACES):
        files = place.rglob("*") if place.is_dir() else [place]
        found += [file for file in files if file.suffix in SUFFIXES and file.is_file()]
    return sorted(file for file in found if file.name not in QUOTING)


def room(name: str) -> str:
    """Name the part of the project that a file belongs to."""
    parts = name.split("/")
    return "/".join(parts[:3] if parts[0] == "src" and len(parts) > 3 else parts[:1])


def main(arguments: Iterable[str] | None = None) -> int:
    """Check files, or all; print what is found; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--counts", action="store_true", help="print counts per room, of allowed paths too")
    options = parser.parse_args(arguments if arguments is None else list(arguments))
    rules = Rules.read()
    wanted = {file.resolve() for file in options.files}
    files = [file for file in project_files() if not wanted or file.resolve() in wanted]
    hits = [hit for file in files for hit in check(file, rules)]
    if options.counts:
        for place, count in sorted(Counter(room(hit.file) for hit in hits).items()):
            print(f"{count:5} {place}")
        print(f"{len(hits):5} in all")
        return 0
    hits = [hit for hit in hits if not hit.file.startswith(rules.allowed)]
    for hit in hits:
        print(f"{hit.file}:{hit.line}: {hit.word!r}: write {hit.better}")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())

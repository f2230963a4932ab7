"""What the documentation shows works: commands exist, tutorials run, links lead somewhere, the site builds."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
from functools import cache
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from hooke.cli import main
from hooke.cli.app import app
from hooke.pipeline.result_files import SUMMARY_COLUMNS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MADE = (DOCS / "reference" / "commands.md", DOCS / "reference" / "python")  # by .ci/docs.py, from the code
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if not set(MADE) & {page, *page.parents}]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]
CONFIGURATIONS = sorted((ROOT / "configs").glob("*.yaml"))
SLOW = {"train", "corrections", "whole-slide", "plate", "time-series"}
NEEDS = {"train": "torch", "time-series": "laptrack"}
TUTORIALS = [page for page in PAGES if page.parent.name == "tutorials"]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def blocks(path):
    """Language and text of each fenced block."""
    return _BLOCK.findall(path.read_text(encoding="utf-8"))


def command_lines(text):
    """Arguments of each `hooke` command in a shell's text."""
    for line in text.replace("\\\n", " ").splitlines():
        if "hooke " not in line:
            continue
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        command = []
        for word in [*words, ";"]:
            if set(word) <= set(";&|()<>"):
                if command[:1] == ["hooke"]:
                    yield command[1:]
                command = []
            else:
                command.append(word)


@cache  # made of the options of every command, which takes long
def program():
    return get_command(app)


def understand(arguments):
    """Parse a command line as the program does, and run nothing."""
    command, context = program(), None
    while True:
        context = command.make_context(command.name, list(arguments), parent=context)
        if not hasattr(command, "commands"):
            return
        _, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])


def misunderstood(text):
    """Command lines that the program does not understand, and why."""
    for arguments in command_lines(text):
        if not {"--help", "--install-completion", "--show-completion", "--list"} & {*arguments} and arguments:
            try:
                understand(arguments)
            except Exception as error:
                yield f"hooke {' '.join(arguments)}: {error}"


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_every_command_line_is_understood(path):
    assert [wrong for language, text in blocks(path) if language in ("", "bash") for wrong in misunderstood(text)] == []


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=name_of)
def test_every_command_line_of_a_configuration_is_understood(path):
    comments = re.findall(
        r"(?m)^#.*?\b(hooke (?:prepare|train|export|segment|pretrain|classify) [^,`(]*)", path.read_text("utf-8")
    )
    assert [wrong for line in comments for wrong in misunderstood(line)] == []


def test_a_command_line_that_is_wrong_is_found():
    with pytest.raises(Exception, match=r"[Nn]o such option"):
        understand(["segment", "images/", "--diametre", "30"])
    with pytest.raises(Exception, match=r"[Nn]o such command"):
        understand(["models", "lost"])
    assert list(command_lines("pip install . && hooke info  # hooke x\nhooke a 'b c' \\\n  d | jq .e")) == [
        ["info"],
        ["a", "b c", "d"],
    ]


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_every_link_leads_to_a_file(path):
    targets = [target.partition("#")[0] for target in _LINK.findall(path.read_text(encoding="utf-8"))]
    targets = [(path.parent / target).resolve() for target in targets if target and not re.match(r"[a-z]+:", target)]
    assert [target for target in targets if not target.exists() and not set(MADE) & {target, *target.parents}] == []


def test_every_page_is_in_the_navigation_once():
    def listed(entry):
        if isinstance(entry, dict):
            entry = list(entry.values())
        if isinstance(entry, list):
            return [page for inner in entry for page in listed(inner)]
        return [entry]

    pages = listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    made = [page for page in pages if set(MADE) & {DOCS / page, *(DOCS / page).parents}]
    assert sorted(set(pages) - set(made)) == sorted(page.relative_to(DOCS).as_posix() for page in PAGES)
    assert len(pages) == len(set(pages))


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=pytest.mark.slow if path.stem in SLOW else ()) for path in TUTORIALS], ids=name_of
)
def test_a_tutorial_runs_as_written(path, tmp_path, monkeypatch, capsys):
    """Blocks marked bash and python run in their order in one folder, after those with a file's name were written."""
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path / "own models"))
    names = {"__name__": "tutorial"}
    ran = 0
    for language, text in blocks(path):
        if language == "bash":
            for arguments in command_lines(text):
                with pytest.raises(SystemExit) as left:
                    main([*arguments])
                assert left.value.code in (0, None), f"hooke {' '.join(arguments)}: {capsys.readouterr().err}"
                ran += 1
        elif language == "yaml" and (name := re.match(r"# (\S+)\n", text)):
            Path(name[1]).write_text(text, encoding="utf-8")
        elif language == "python":
            exec(compile(text, str(path), "exec"), names)
            ran += 1
    assert ran > 0
    said = capsys.readouterr().out
    assert [
        promised for promised in re.findall(r"prints `([^`]+)`", path.read_text("utf-8")) if promised not in said
    ] == []


def test_every_column_of_the_summary_is_described():
    page = (DOCS / "reference" / "results.md").read_text(encoding="utf-8")
    assert [column for column in SUMMARY_COLUMNS if f"`{column}`" not in page] == []


@pytest.fixture(scope="module")
def builder():
    spec = importlib.util.spec_from_file_location("docs_builder", ROOT / ".ci" / "docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_commands_has_every_command_and_option(builder):
    page = builder.command_page()

    def check(command, name):
        assert name == "hooke" or f"## `{name}`\n" in page
        for inner in getattr(command, "commands", {}).items():
            check(inner[1], f"{name} {inner[0]}")
        for parameter in command.params:
            assert [option for option in parameter.opts if option.startswith("-") and option not in page] == []

    check(get_command(app), "hooke")
    assert "[bold]" not in page and "<span" not in page


def test_every_package_has_a_page_in_the_navigation(builder):
    pytest.importorskip("torch")
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"reference/python/(\S+\.md)", navigation))
    assert listed == {"index.md", *(f"{package}.md" for package in builder.public_names())}


def test_what_a_newcomer_looks_for_is_one_click_from_the_start():
    links = {target.partition("#")[0] for target in _LINK.findall((DOCS / "index.md").read_text(encoding="utf-8"))}
    assert links >= {
        "install.md",
        "howto/segment-folder.md",
        "howto/wrong-result.md",
        "reference/results.md",
        "explanation/trust.md",
        "cite.md",
    }


def test_examples_of_help_texts_become_blocks(builder):
    made = builder.fence_examples(
        "Examples\n\n  hooke info\n\n  hooke a &#x27;b&#x27;\n\nand\n```console\nhooke x\n```"
    )
    assert made == "Examples\n\n```bash\nhooke info\nhooke a 'b'\n```\n\nand\n```console\nhooke x\n```"


def test_dead_links_of_a_site_are_found(builder, tmp_path):
    (tmp_path / "a.html").write_text('<h1 id="top"></h1><a href="b.html#there"></a><a href="https://x.org"></a>')
    (tmp_path / "b.html").write_text(
        '<a href="a.html#top">a</a><a href="a.html#no">b</a><img src="no.png"><a href="c/">'
    )
    assert builder.dead_links(tmp_path) == ["a.html: b.html#there", "b.html: a.html#no", "b.html: no.png", "b.html: c/"]


@pytest.mark.slow
def test_the_site_builds_without_warnings_and_dead_links(builder, tmp_path, monkeypatch):
    pytest.importorskip("zensical")
    pytest.importorskip("mkdocstrings")
    pytest.importorskip("torch")  # the reference has the training half, too
    project = tmp_path / "project"  # a copy: other tests read the texts of this one at the same time
    for folder in ("docs", "src"):
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", project)
    monkeypatch.setattr(builder, "ROOT", project)
    builder.write_pages(project / "docs" / "reference")
    builder.build(tmp_path / "site")
    assert builder.dead_links(tmp_path / "site") == []

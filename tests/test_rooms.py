"""Rooms import downwards only, modules and functions stay short: the order of docs/design.md, checked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "hooke"

# Lowest first. A room imports rooms of lower floors only: imports inside functions count, and those for types alone.
FLOORS = (
    ("addresses",),
    ("errors", "lazy"),
    ("limits", "extras"),
    ("image",),
    ("labels",),
    ("io", "preprocess", "targets", "measure", "metrics"),
    ("models", "plates"),
    ("datasets",),
    ("evaluation",),
    ("report", "conversion"),
    ("tracking",),
    ("classify", "pipeline"),
    ("doctor",),
    ("corrections",),
    ("serve", "napari"),
    ("training",),
    ("cli",),
)
LINES, FUNCTION_LINES = 500, 60
KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def modules() -> dict[str, list[ast.AST]]:
    """Imports and functions of every module, by its path below the package."""
    paths = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    return {name: list(kept(path.read_text(encoding="utf-8"))) for name, path in sorted(paths.items())}


def kept(source: str) -> Iterator[ast.AST]:
    """Imports and functions of a module, wherever they stand in it."""
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, KEPT))


def room(name: str) -> str:
    return name.split("/")[0].removesuffix(".py")


def imported_packages(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)


def imported_rooms(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "hooke":
            yield from (name.name for name in node.names if name.name in {room for floor in FLOORS for room in floor})
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hooke."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (name.name.split(".")[1] for name in node.names if name.name.startswith("hooke."))


def test_every_room_has_a_floor():
    rooms = {room(name) for name in modules()} - {"__init__", "__main__"}
    assert rooms == {name for floor in FLOORS for name in floor}


def test_rooms_import_downwards_only():
    floor_of = {name: floor for floor, names in enumerate(FLOORS) for name in names}
    upwards = set()
    for name, nodes in modules().items():
        own = room(name)
        if own in floor_of:
            others = set(imported_rooms(nodes)) - {own}
            upwards |= {f"{name} imports {other}" for other in others if floor_of[other] >= floor_of[own]}
    assert upwards == set()


def test_only_training_imports_pytorch_and_one_module_the_runtime():
    """Imports inside functions count; `tests/pipeline/test_segment.py` tries it without PyTorch."""
    importing = {package: set() for package in ("torch", "torchvision", "timm", "lightning", "onnxruntime")}
    for name, nodes in modules().items():
        for package in importing.keys() & set(imported_packages(nodes)):
            importing[package].add(name if package == "onnxruntime" else room(name))
    assert importing.pop("onnxruntime") == {"models/runtime.py"}
    assert {package: rooms for package, rooms in importing.items() if rooms != {"training"}} == {}


def test_modules_are_short():
    lengths = {name: (PACKAGE / name).read_text(encoding="utf-8").count("\n") for name in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > LINES} == {}


def test_functions_are_short():
    lengths = {
        # The signature of a command is the list of its options.
        f"{name}: {node.name}": length(node, signature=room(name) != "cli")
        for name, nodes in modules().items()
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {function: lines for function, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def length(function: ast.FunctionDef | ast.AsyncFunctionDef, *, signature: bool) -> int:
    """Lines of a function without its docstring."""
    lines = function.end_lineno - function.lineno + 1
    docstring = function.body[0] if ast.get_docstring(function) is not None else None
    if docstring is not None:
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines if signature else lines - (function.body[0].lineno - function.lineno)

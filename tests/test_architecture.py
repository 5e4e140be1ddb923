"""The house rules that a machine can check: front doors, and tables that stay at home."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "kirana"
OPEN = {"values", "platform"}
"""Toolboxes: their modules are their doors."""
FOLDERS = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
ROOMS = FOLDERS - OPEN - {"app", "client", "migrations"}
FORBIDDEN_NAMES = {"service.py", "services.py", "utils.py", "helpers.py", "common.py", "misc.py"}


def modules() -> Iterator[Path]:
    yield from (path for path in SOURCE.rglob("*.py") if "web" not in path.parts)


def imports(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Level, module and names of each import."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name, []


def folder_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0]


@pytest.mark.parametrize("path", list(modules()), ids=lambda p: str(p.relative_to(SOURCE)))
def test_other_rooms_are_entered_by_the_front_door(path: Path) -> None:
    here = folder_of(path)
    for level, module, _ in imports(path):
        parts = module.split(".")
        if level or parts[0] != "kirana" or len(parts) < 2:
            continue
        room = parts[1]
        assert room != here or here in OPEN | {"app", "migrations"} or path.name == "cli.py", (
            f"{path.name} imports its own room by {module}: use a relative import."
        )
        if room in ROOMS and len(parts) > 2:
            is_door = here == "app" and parts[-1] in {"http", "edge", "files", "rails"}
            assert is_door, f"{path.name} reaches behind the door of {room}: {module}"


@pytest.mark.parametrize("path", list(modules()), ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_file_can_hold_everything(path: Path) -> None:
    assert path.name not in FORBIDDEN_NAMES


def test_tables_are_named_after_their_room() -> None:
    for path in SOURCE.rglob("tables.py"):
        room = folder_of(path)
        for name in re.findall(r"\btable\(\s*\"(\w+)\"", path.read_text()):
            assert name in {room, f"{room}es"} or name.startswith(f"{room}_"), (
                f"{name} stands in {room}"
            )


def test_a_room_touches_no_table_of_another() -> None:
    for path in modules():
        for level, module, names in imports(path):
            if level == 0 and module.startswith("kirana.") and module.endswith("tables"):
                raise AssertionError(f"{path} imports {module} ({names})")


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_door_says_what_its_room_is_for(room: str) -> None:
    door = ast.parse((SOURCE / room / "__init__.py").read_text())
    assert ast.get_docstring(door), f"{room} does not say what it is for"

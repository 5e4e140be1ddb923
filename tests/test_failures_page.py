"""Each way in which money may fail names tests, and they are there."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "failures.md"
_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_failure_is_shown_by_tests_that_exist() -> None:
    parts = re.split(r"^## (\d+)\. ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    rows = [
        (number, line)
        for number, part in zip(parts[::2], parts[1::2], strict=True)
        for line in part.splitlines()
        if line.startswith("| ") and not line.startswith(("| failure", "| ---"))
    ]
    named = {line: _NAMED.findall(line) for _, line in rows}

    assert {number for number, _ in rows} == {str(number) for number in range(1, 11)}
    assert [line for line, tests in named.items() if not tests] == []
    missing = [
        f"{file}::{test}"
        for tests in named.values()
        for file, test in tests
        if test not in _tests_of(file)
    ]
    assert missing == []


def _tests_of(file: str) -> set[str]:
    path = TESTS / file
    if not path.is_file():
        return set()
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, kinds)}

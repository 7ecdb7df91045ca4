"""Which test holds which requirement of CDS Hooks, read from the marks in the test suite; and the page that says so.

Marks are read from the source, so that the page does not depend on which tests a run selects.
"""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
TESTS = FOLDER.parent
CHECKOUT = TESTS.parent
PAGE = CHECKOUT / "docs" / "conformance.md"
LISTED = FOLDER / "requirements.toml"
MOST_NAMED = 3
OWED = ("M", "S", "D", "C")
LEVELS = {"M": "must", "S": "should", "D": "our own", "C": "conditional", "Y": "may", "-": "information"}

Holders = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One numbered requirement; `requirements.toml` says what its letters mean."""

    id: str
    level: str
    who: str
    version: str
    statement: str
    reason: str = ""


def read_requirements() -> tuple[Requirement, ...]:
    """Every requirement, in the order of the file."""
    return tuple(Requirement(**each) for each in tomllib.loads(LISTED.read_text("utf-8"))["requirement"])


def find_holders() -> Holders:
    """The tests that carry each number, as `path::name`, sorted."""
    holders: Holders = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for test, ids in marked_tests(ast.parse(path.read_text("utf-8"))):
            for id in ids:
                holders.setdefault(id, []).append(f"{path.relative_to(CHECKOUT).as_posix()}::{test}")
    return holders


def marked_tests(module: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """The tests of a module with their numbers; those on `pytestmark` belong to each of them."""
    of_all = {id for node in module.body if assigns_mark(node) for id in ids_in(node)}
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name, of_all.union(*(ids_in(mark) for mark in node.decorator_list))


def assigns_mark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"


def ids_in(node: ast.AST) -> set[str]:
    """The arguments of every `pytest.mark.requirement(...)` in `node`."""
    return {
        str(argument.value)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.requirement"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }


def write_page(requirements: tuple[Requirement, ...], holders: Holders) -> str:
    """The text of `docs/conformance.md`."""
    rows = [
        f"| {each.id} | {LEVELS[each.level]} | {each.who} | {each.version} | {each.statement} "
        f"| {say_holders(holders.get(each.id, [])) or each.reason or 'no test'} |"
        for each in requirements
    ]
    return "\n".join(
        [
            "# Conformance with CDS Hooks",
            "",
            "Written by `make pages` from `tests/conformance/requirements.toml` and the marks of the tests. "
            "A requirement of a level *must*, *should*, *our own* or *conditional* with neither test nor reason "
            "fails the build.",
            "",
            "Versions: `2` is 2.0.1, `3` the 3.0 ballot. Who: S the service, X both, C the client; for C the tests "
            "hold that the service bears a breach.",
            "",
            *count_levels(requirements, holders),
            "",
            "| | Level | Who | Version | Requirement | Held by, or why not |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def count_levels(requirements: tuple[Requirement, ...], holders: Holders) -> list[str]:
    lines = ["| Level | Requirements | Held by tests | Reason given |", "|---|---|---|---|"]
    for level, name in LEVELS.items():
        of_level = [each for each in requirements if each.level == level]
        held = sum(each.id in holders for each in of_level)
        reasons = sum(each.id not in holders and bool(each.reason) for each in of_level)
        lines.append(f"| {name} | {len(of_level)} | {held} | {reasons} |")
    return lines


def say_holders(tests: list[str]) -> str:
    """The first tests as sentences under their files, and how many more there are."""
    if not tests:
        return ""
    said = [f"{test.partition('::test_')[2].replace('_', ' ')} (`{test.partition('::')[0]}`)" for test in tests]
    more = f"; {len(said) - MOST_NAMED} more" if len(said) > MOST_NAMED else ""
    return "; ".join(said[:MOST_NAMED]) + more

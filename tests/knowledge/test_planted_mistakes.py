"""Every mistake in `broken/` is explained in one sentence, at the line where it stands."""

from pathlib import Path

import pytest

from cds_service.errors import KnowledgeProblem
from cds_service.knowledge.library import read_library
from tests.knowledge.shelves import BROKEN, copy_shelf, load_shelf
from tests.support.small_terminology import SmallTerminology

SAYS = "# Says: "
HERE = "# <- here"


def find_problems(path: Path, folder: Path) -> tuple[KnowledgeProblem, ...]:
    """What the checker says of the small shelf with this one rule added."""
    copy_shelf(folder, {f"rules/{path.name}": path.read_text(encoding="utf-8")})
    library = read_library(load_shelf(folder), SmallTerminology())
    for id in library.written:
        library.examples(id)
    return library.pages.problems


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_planted_mistake_is_explained_in_a_sentence(path: Path, tmp_path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = {line.removeprefix(SAYS) for line in lines if line.startswith(SAYS)}
    problems = find_problems(path, tmp_path)
    assert {problem.file for problem in problems} == {f"rules/{path.name}"}
    said = {f"{problem.where}: {problem.message}" if problem.where else problem.message for problem in problems}
    assert said == expected
    marked = [number for number, line in enumerate(lines, 1) if HERE in line]
    if marked:
        assert marked[0] in {problem.line for problem in problems}


def test_there_are_at_least_ten_planted_mistakes() -> None:
    assert len(BROKEN) >= 10


def test_a_sound_rule_has_no_problem(tmp_path: Path) -> None:
    library = read_library(load_shelf(copy_shelf(tmp_path, {})), SmallTerminology())
    assert [len(library.examples(id)) for id in library.written]
    assert library.pages.problems == ()

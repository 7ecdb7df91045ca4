"""The file of changes that somebody names with `--overlay`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cds_service.errors import BadKnowledge, KnowledgeProblem


def read_changes(path: Path) -> str:
    """The text of the file. Raises `BadKnowledge`, or `OSError`."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BadKnowledge(
            (KnowledgeProblem(str(path), "", "this file is not UTF-8 text; save it as UTF-8"),)
        ) from None


@contextmanager
def naming(path: Path | None) -> Iterator[None]:
    """What is wrong with the changes is said of the file they came from, not of the place they have in a release."""
    try:
        yield
    except BadKnowledge as bad:
        raise BadKnowledge(tuple(name_file(bad.problems, path))) from None


def name_file(problems: Iterable[KnowledgeProblem], path: Path | None) -> Iterator[KnowledgeProblem]:
    for problem in problems:
        yield replace(problem, file=name_in(problem.file, path), message=name_in(problem.message, path))


def name_in(text: str, path: Path | None) -> str:
    """The text with the name of the file in the place of the one that its content has in a release."""
    from cds_service.knowledge.sources import WORKBENCH_FILE

    return text if path is None else text.replace(WORKBENCH_FILE, str(path))

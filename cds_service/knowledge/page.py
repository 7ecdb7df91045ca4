"""One document being checked: where its problems are noted, and on which line they stand."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from cds_service.errors import KnowledgeProblem

STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
HEADING = re.compile(r"^[ \t]*\[(\[?)[ \t]*([\w.\-]+)[ \t]*\]", re.MULTILINE)
ROW = re.compile(r"row (\d+)")
OPENING, CLOSING = "[{", "]}"


@dataclass(slots=True)
class Page:
    """A file's name, its text if at hand, and the problems found in it so far."""

    file: str
    text: str = ""
    problems: list[KnowledgeProblem] = field(default_factory=list)

    def note(self, where: str, message: str) -> None:
        """Note that something at the path `where` (`when.all[2]`, counted from 1) is wrong."""
        find = find_row if self.file.endswith(".csv") else find_line
        line = find(self.text, where) if self.text else None
        self.problems.append(KnowledgeProblem(self.file, where, message, line))


@dataclass(slots=True)
class Pages:
    """The pages of one compilation, one for each file."""

    texts: Mapping[str, str]
    opened: dict[str, Page] = field(default_factory=dict)

    def open(self, file: str) -> Page:
        """The page of `file`, always the same."""
        return self.opened.setdefault(file, Page(file, self.texts.get(file, "")))

    @property
    def problems(self) -> tuple[KnowledgeProblem, ...]:
        """Everything noted, by file and line, each sentence once."""
        noted = {problem: None for page in self.opened.values() for problem in page.problems}
        return tuple(sorted(noted, key=lambda problem: (problem.file, problem.line or 0)))


def suggest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'inr'?` if a known word is near, else nothing."""
    near = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def join(where: str, key: str) -> str:
    """The path of `key` inside the table at `where`."""
    return f"{where}.{key}" if where else key


def name_list(words: Iterable[str], last: str = "or") -> str:
    """`a, b or c`; nothing for no words."""
    *others, final = list(words) or [""]
    return f"{', '.join(others)} {last} {final}" if others else final


def find_line(text: str, where: str) -> int | None:
    """The 1-based line of the path `where` in TOML `text`; of its nearest parent if it is not written there."""
    steps = [key or int(number) for key, number in STEP.findall(where)]
    start, end, rest = find_table(text, steps)
    found = start
    for step in rest:
        span = find_key(text, start, end, step) if isinstance(step, str) else find_element(text, start, end, step)
        if span is None:
            break
        found, start, end = span
    return text.count("\n", 0, found) + 1 if found or steps else None


def find_row(text: str, where: str) -> int | None:
    """The 1-based line of `row 2` in CSV `text`, counted below the heading line, blank lines and remarks left out."""
    row = ROW.match(where)
    written = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    return written[int(row[1])] if row and int(row[1]) < len(written) else None


def find_table(text: str, steps: list[str | int]) -> tuple[int, int, list[str | int]]:
    """Offsets of the deepest `[table]` that `steps` lead into, and the steps that remain inside it."""
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings] + [len(text)]
    best: tuple[int, int, list[str | int]] = (0, ends[0], steps)
    counts: dict[str, int] = {}
    for heading, end in zip(headings, ends[1:], strict=True):
        name = heading[2]
        counts = {path: count for path, count in counts.items() if not path.startswith(f"{name}.")}
        counts[name] = counts.get(name, 0) + 1
        rest = remaining(steps, name, counts)
        if rest is not None and len(rest) < len(best[2]):
            best = (heading.start(), end, rest)
    return best


def remaining(steps: list[str | int], heading: str, counts: dict[str, int]) -> list[str | int] | None:
    """The steps left after entering the table `heading`, or None if `steps` lead elsewhere."""
    rest = list(steps)
    path = ""
    for part in heading.split("."):
        path = f"{path}.{part}" if path else part
        if not rest or rest.pop(0) != part:
            return None
        if rest and isinstance(rest[0], int) and rest.pop(0) != counts.get(path, 1):
            return None
    return rest


def find_key(text: str, start: int, end: int, key: str) -> tuple[int, int, int] | None:
    """Where `key =` stands between two offsets, and the span of what follows it."""
    found = re.compile(rf"(?<![\w.\-])[\"']?{re.escape(key)}[\"']?\s*=").search(text, start, end)
    return (found.start(), found.end(), end) if found else None


def find_element(text: str, start: int, end: int, number: int) -> tuple[int, int, int] | None:
    """Where the `number`-th element of the array that opens after `start` begins."""
    depth, count, quote, waiting = 0, 0, "", False
    for offset in range(start, end):
        letter = text[offset]
        if quote:
            quote = "" if letter == quote else quote
            continue
        if waiting and depth == 1 and not letter.isspace() and letter not in ",]":
            count, waiting = count + 1, False
            if count == number:
                return offset, offset, end
        if letter in "\"'":
            quote = letter
        depth += (letter in OPENING) - (letter in CLOSING)
        waiting = waiting or (depth == 1 and letter in "[,")
        if depth == 0 and letter in CLOSING:
            return None
    return None

"""Card texts with names to fill in, and what makes text from a chart safe inside Markdown."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

# All that a text can ask for: {{ name }} or {{ name.word }}. `cds check` refuses anything else.
NAME = re.compile(r"\{\{\s*([a-z]\w*)(?:\.([a-z]\w*))?\s*\}\}")
OPENS = re.compile(r"\{[{%#]")

# Characters that start something inside a Markdown line. Angle brackets become entities instead: clients that do not
# read Markdown may still read HTML (G-13).
ACTIVE = re.compile(r"([\\`*_\[\]|~])")
AMPERSAND = re.compile(r"&(?=#|\w)")
# What starts a block when it comes first: heading, bullet, rule, underline of a heading, numbered item.
BLOCK_START = re.compile(r"^(?:(-+|=+|#+|\+)|(\d{1,9})([.)]))(?=\s|$)")
# A line without any of these, and without "www.", is safe as it stands. Each of the three is found fast.
MARK = re.compile(r"[\\`*_\[\]|~&<>@]")
INNER_COLON = re.compile(r":\S")
FIRST_MARK = re.compile(r"[-=#+\d]")
# Bare addresses that GitHub-Flavored Markdown turns into links.
ADDRESS = re.compile(r"(?i)(https?|ftp|xmpp|mailto):(?=\S)|\bwww(?=\.)|@")


def escape_markdown(text: str) -> str:
    """`text` as Markdown that shows exactly these characters: no markup, no HTML, no link.

    Line breaks and control characters become blanks. Addresses are pulled apart with a blank, because renderers turn
    them into links even when escaped.
    """
    line = one_line(text)
    if is_plain(line):
        return line
    line = ADDRESS.sub(_pull_apart, line)
    line = AMPERSAND.sub("&amp;", line)
    line = ACTIVE.sub(r"\\\1", line).replace("<", "&lt;").replace(">", "&gt;")
    return BLOCK_START.sub(lambda start: rf"\{start[1]}" if start[1] else rf"{start[2]}\{start[3]}", line)


def is_plain(line: str) -> bool:
    """Whether nothing in a line can start markup or a link."""
    marked = MARK.search(line) or INNER_COLON.search(line) or FIRST_MARK.match(line)
    return not marked and "www." not in line.lower()


def _pull_apart(address: re.Match[str]) -> str:
    return " @ " if address[0] == "@" else f"{address[1]}: " if address[1] else f"{address[0]} "


def one_line(text: str) -> str:
    """`text` without line breaks, control and invisible formatting characters, blanks collapsed."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    elif "  " not in text:  # the only blank that is printable
        return text.strip()
    return " ".join(text.split())


def shorten(text: str, limit: int) -> str:
    """`text` cut to at most `limit` characters, the last one then being "…"."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Text:
    """A text taken apart: what stands before each name, the name and its word ("" without one), and the rest.

    `finish` is what every inserted value goes through. A text that asks for nothing is filled in already (`fixed`).
    """

    parts: tuple[tuple[str, str, str], ...]
    rest: str
    names: frozenset[str]
    finish: Callable[[str], str]
    fixed: str = ""

    def fill(self, context: Mapping[str, object]) -> str:
        """The text with its names filled in. Raises KeyError or AttributeError where the context lacks one."""
        written: list[str] = []
        for before, name, word in self.parts:
            value = context[name]
            written += (before, self.finish(str(getattr(value, word) if word else value)))
        return "".join((*written, self.rest))


def plain_text(source: str) -> Text:
    """A text that gives plain text."""
    return compiled(source, one_line)


def markdown_text(source: str) -> Text:
    """A text that gives Markdown; whatever it inserts is escaped."""
    return compiled(source, escape_markdown)


@lru_cache(maxsize=4096)
def compiled(source: str, finish: Callable[[str], str]) -> Text:
    """The text of `source`; every value it prints goes through `finish`. Raises ValueError for any other template."""
    pieces = NAME.split(source.removesuffix("\n"))
    literals, names, words = pieces[::3], pieces[1::3], [word or "" for word in pieces[2::3]]
    if any(OPENS.search(literal) for literal in literals):
        raise ValueError("only names stand between {{ and }}")
    parts = tuple(zip(literals, names, words, strict=False))
    return Text(parts, literals[-1], frozenset(names), finish, "" if names else literals[0].strip())

"""Card templates: Jinja2 in a sandbox, and what makes text from a chart safe inside Markdown."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import StrictUndefined, Template
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

# Characters that start something inside a Markdown line. Angle brackets become entities instead: clients that do not
# read Markdown may still read HTML (G-13).
ACTIVE = re.compile(r"([\\`*_\[\]|~])")
AMPERSAND = re.compile(r"&(?=#|\w)")
# What starts a block when it comes first: heading, bullet, rule, underline of a heading, numbered item.
BLOCK_START = re.compile(r"^(?:(-+|=+|#+|\+)|(\d{1,9})([.)]))(?=\s|$)")
# Without any of these a line is safe as it stands.
SUSPECT = re.compile(r"(?i)[\\`*_\[\]|~&<>@]|:\S|www\.|^[-=#+\d]")
# Bare addresses that GitHub-Flavored Markdown turns into links.
ADDRESS = re.compile(r"(?i)(https?|ftp|xmpp|mailto):(?=\S)|\bwww(?=\.)|@")


def escape_markdown(text: str) -> str:
    """`text` as Markdown that shows exactly these characters: no markup, no HTML, no link.

    Line breaks and control characters become blanks. Addresses are pulled apart with a blank, because renderers turn
    them into links even when escaped.
    """
    line = one_line(text)
    if not SUSPECT.search(line):
        return line
    line = ADDRESS.sub(_pull_apart, line)
    line = AMPERSAND.sub("&amp;", line)
    line = ACTIVE.sub(r"\\\1", line).replace("<", "&lt;").replace(">", "&gt;")
    return BLOCK_START.sub(lambda start: rf"\{start[1]}" if start[1] else rf"{start[2]}\{start[3]}", line)


def _pull_apart(address: re.Match[str]) -> str:
    return " @ " if address[0] == "@" else f"{address[1]}: " if address[1] else f"{address[0]} "


def one_line(text: str) -> str:
    """`text` without line breaks, control and invisible formatting characters, blanks collapsed."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    return " ".join(text.split())


def shorten(text: str, limit: int) -> str:
    """`text` cut to at most `limit` characters, the last one then being "…"."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Text:
    """A compiled template and the names it asks for; one that asks for nothing is filled in already (`fixed`)."""

    template: Template
    names: frozenset[str]
    fixed: str = ""


def plain_text(source: str) -> Text:
    """A template that gives plain text."""
    return compiled(source, one_line)


def markdown_text(source: str) -> Text:
    """A template that gives Markdown; whatever it inserts is escaped."""
    return compiled(source, escape_markdown)


@lru_cache(maxsize=4096)
def compiled(source: str, finish: Callable[[str], str]) -> Text:
    """The template of `source`; every value it prints goes through `finish`. Raises `jinja2.TemplateSyntaxError`."""
    made = environment(finish)
    template = made.from_string(source)
    names = frozenset(find_undeclared_variables(made.parse(source)))
    return Text(template, names, "" if names else template.render().strip())


@lru_cache(maxsize=2)
def environment(finish: Callable[[str], str]) -> SandboxedEnvironment:
    """A sandbox that loads nothing, has no globals and knows no chance; an unknown name is an error."""
    made = SandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, StrictUndefined) else finish(str(value)),
        autoescape=False,
    )
    made.globals.clear()
    del made.filters["random"]
    return made

"""Every `cds` command that README and docs name is one that exists, with the options they give it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cds_service.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "rules").glob("*.md"))]
INLINE = re.compile(r"`cds ([^`]+)`")
BLOCK_LINE = re.compile(r"^(?:\$ )?cds ([^#\n]+)", re.MULTILINE)


def documented() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text("utf-8")
        blocks = "\n".join(re.findall(r"```(?:\w*)\n(.*?)```", text, re.DOTALL))
        for command in dict.fromkeys((*INLINE.findall(text), *BLOCK_LINE.findall(blocks))):
            yield page.relative_to(ROOT).as_posix(), " ".join(command.split())


@pytest.mark.parametrize(
    ("file", "written"), [pytest.param(*each, id=f"{each[0]}: {each[1]}") for each in documented()]
)
def test_a_documented_command_exists_with_its_options(file: str, written: str) -> None:
    command: Any = get_command(app)
    words = shlex.split(written)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] == words[0].upper():  # COMMAND stands for any
            return
        assert words[0] in command.commands, f"{file}: cds {written}: there is no command {words[0]!r}"
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, "--help")}
    given = {word.split("=")[0] for word in words if word.startswith("-") and len(word) > 1}
    assert given <= known, f"{file}: cds {written}: there is no option {', '.join(sorted(given - known))}"

"""The README shows what the command prints, and names what there is."""

import re

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.settings import Settings
from tests.contract.readme import PAGE, fill

README = PAGE.read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"`(?:\.venv/bin/)?cds ([a-z]+)(?: ([a-z]+)(?=[ `]))?", README)))
GROUPS = {"clients", "keys", "store", "audit", "release", "models", "terminology"}


def test_the_card_is_what_the_command_prints() -> None:
    """After a change of cards: `make pages`."""
    assert fill(README) == README


@pytest.mark.parametrize(("command", "below"), COMMANDS)
def test_every_command_it_names_exists(command: str, below: str) -> None:
    words = [command, below] if command in GROUPS and below else [command]
    assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


def test_every_setting_it_names_exists() -> None:
    named = set(re.findall(r"CDS_([A-Z_]+)", README))
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", README)
    assert links
    assert [link for link in links if "://" not in link and not (PAGE.parent / link).exists()] == []


def test_every_target_of_make_it_names_exists() -> None:
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    made = (PAGE.parent / "Makefile").read_text("utf-8")
    assert [each for each in targets if not re.search(rf"^{each}:", made, re.MULTILINE)] == []

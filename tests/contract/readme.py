"""The card in the README: what `cds try` prints for the first sample, 80 columns wide."""

import re
from pathlib import Path

from typer.testing import CliRunner

from cds_service.cli import app

PAGE = Path(__file__).parents[2] / "README.md"
(SAMPLE,) = (PAGE.parent / "docs" / "samples").glob("1-*.json")
CARD = re.compile(r"(?<=```text\n).*?(?=```)", re.DOTALL)


def fill(page: str) -> str:
    """The page with the card as the command prints it. Raises ValueError for a page without a place for it."""
    if not CARD.search(page):
        raise ValueError(f"{PAGE.name} has no place for the card")
    printed = CliRunner().invoke(app, ["try", str(SAMPLE)], env={"COLUMNS": "80"}).stdout
    return CARD.sub(lambda _: printed, page, count=1)

"""The registration page says what the code does."""

import re
from pathlib import Path

import pytest

from cds_service.app import Application
from tests.contract.integration import PAGE, fill

DOCS = Path(PAGE).parent


def test_the_tables_are_current(application: Application) -> None:
    """After a change of services, limits or errors: `make pages`."""
    page = PAGE.read_text("utf-8")
    assert fill(page, application.release.services) == page


@pytest.mark.requirement("CH-026", "CH-199")
def test_the_page_is_linked_from_the_readme_and_names_the_link_domains() -> None:
    assert "docs/integration.md" in (DOCS.parent / "README.md").read_text("utf-8")
    assert "link domain" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", ["integration.md", "security.md"])
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (DOCS / name).read_text("utf-8"))
    assert links
    assert [link for link in links if "://" not in link and not (DOCS / link).exists()] == []

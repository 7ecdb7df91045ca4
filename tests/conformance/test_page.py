"""Every requirement is held by a test that carries its number, or says why not."""

from tests.conformance.page import LEVELS, OWED, PAGE, find_holders, read_requirements, write_page

REQUIREMENTS = read_requirements()
HOLDERS = find_holders()


def test_every_requirement_of_a_service_is_held_by_a_test_or_has_a_reason() -> None:
    open_ = [each.id for each in REQUIREMENTS if each.level in OWED and each.id not in HOLDERS and not each.reason]
    assert open_ == []


def test_no_reason_stands_where_a_test_holds() -> None:
    assert [each.id for each in REQUIREMENTS if each.reason and each.id in HOLDERS] == []


def test_every_number_on_a_test_is_a_requirement_and_stands_once() -> None:
    ids = [each.id for each in REQUIREMENTS]
    assert len(set(ids)) == len(ids)
    assert set(HOLDERS) - set(ids) == set()
    assert {each.level for each in REQUIREMENTS} <= set(LEVELS)


def test_the_page_is_current() -> None:
    """After adding a mark or a requirement: `make pages`."""
    assert PAGE.read_text("utf-8") == write_page(REQUIREMENTS, HOLDERS)

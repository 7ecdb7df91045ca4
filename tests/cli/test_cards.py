"""Cards on a terminal."""

import pytest
from rich.console import Console

from cds_service.cli.cards import draw_card, show_response
from cds_service.hooks.discovery import Service
from cds_service.hooks.response import Card, CardSource, Coding, HookResponse, Suggestion

SERVICE = Service(id="s", hook="order-sign", title="Medication safety", description="d")


def a_card(indicator: str = "warning", **members: object) -> Card:
    required = {"uuid": "1", "summary": "Two drugs", "source": CardSource(label="Source")}
    return Card(indicator=indicator, **{**required, **members})  # type: ignore[arg-type]


def drawn(card: Card) -> str:
    console = Console(width=80, no_color=True)
    with console.capture() as captured:
        console.print(draw_card(card))
    return captured.get()


@pytest.mark.parametrize(
    ("indicator", "words"), [("critical", "■ CRITICAL"), ("warning", "▲ WARNING"), ("info", "● INFO")]
)
def test_the_indicator_is_a_word_and_a_shape_without_colour(indicator: str, words: str) -> None:
    assert words in drawn(a_card(indicator))


def test_a_card_shows_what_it_offers_and_how_it_can_be_overridden() -> None:
    text = drawn(
        a_card(
            detail="**Because** of *this*",
            suggestions=(Suggestion(label="Stop the first", uuid="2"),),
            override_reasons=(Coding(code="a", system="s", display="Arranged"), Coding(code="b", system="s")),
        )
    )
    assert "Because of this" in text
    assert "→ Stop the first" in text
    assert "Override: Arranged · b" in text


def test_no_cards_says_that_it_was_checked(capsys: pytest.CaptureFixture[str]) -> None:
    show_response(HookResponse(cards=()), SERVICE)
    assert capsys.readouterr().out.splitlines() == ["Medication safety: 0 cards", "Checked; nothing to say."]

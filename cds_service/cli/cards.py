"""Cards on a terminal. The indicator shows as a word, a shape and a colour, so it reads without colour too."""

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from cds_service.hooks.discovery import Service
from cds_service.hooks.response import Card, HookResponse

INDICATORS = {
    "critical": ("■ CRITICAL", "bold red"),
    "warning": ("▲ WARNING", "bold yellow"),
    "info": ("● INFO", "bold blue"),
}


def show_response(response: HookResponse, service: Service) -> None:
    """Print the cards of one response, most urgent first as the service ordered them, and the trace if there is one."""
    console = Console(width=min(Console().width, 110))
    count = len(response.cards)
    console.print(Text(f"{service.title}: {count} card{'' if count == 1 else 's'}", style="bold"))
    if not count:
        console.print("Checked; nothing to say.")
    for card in response.cards:
        console.print(draw_card(card))
    if response.extension:
        console.print_json(data=response.extension)


def draw_card(card: Card) -> Panel:
    word, style = INDICATORS[card.indicator]
    parts: list[RenderableType] = [Text(card.summary, style="bold")]
    if card.detail:
        parts += [Text(), Markdown(card.detail)]
    if card.suggestions:
        parts += [Text(), *(Text(f"→ {suggestion.label}") for suggestion in card.suggestions)]
    if card.override_reasons:
        reasons = " · ".join(reason.display or reason.code for reason in card.override_reasons)
        parts += [Text(), Text(f"Override: {reasons}", style="dim")]
    return Panel(
        Group(*parts),
        title=Text(word, style=style),
        title_align="left",
        subtitle=Text(card.source.label, style="dim"),
        subtitle_align="right",
        border_style=style.removeprefix("bold "),
        box=box.ROUNDED,
    )

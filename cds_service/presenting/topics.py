"""The code of a card's topic: what a client files the card under, and where its knowledge is looked up."""

from collections.abc import Collection, Iterable
from hashlib import sha256

from cds_service.presenting.session import Dialect, Session

MORE, NOT_CHECKED = "more", "not-checked"
"""The topics of cards behind which no rule and no model stands."""
TITLES = {MORE: "More findings", NOT_CHECKED: "What could not be checked"}
LENGTH = 100
BREAK = "X"


def topic_code(id: str, session: Session | None, ingredients: Iterable[str] = ()) -> str:
    """What stands behind a card, as a code.

    Epic allows letters and digits only, at most 100, and remembers for good: there the ingredients are part of it.
    Capitals stand for what is not a letter or digit, so that no two topics share a code.
    """
    if session is None or session.dialect is not Dialect.EPIC:
        return id
    code = BREAK.join((spell(id), *sorted(ingredients)))
    return code if len(code) <= LENGTH else f"H{sha256(code.encode()).hexdigest()}"


def spell(id: str) -> str:
    """An id in letters and digits."""
    return id.replace("-", "Z").replace(".", "Y")


def find_id(code: str, ids: Collection[str]) -> str | None:
    """The one of these ids that a code of either dialect stands for; None where none does, or the code is a digest."""
    if code in ids:
        return code
    spelled = {spell(id): id for id in ids}
    parts = code.split(BREAK)
    heads = (BREAK.join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((spelled[head] for head in heads if head in spelled), None)

"""What is old is removed: records and comments, and the data keys of their days. Headers stay."""

from time import gmtime, strftime

from sqlalchemy import Engine, delete, select, update

from cds_service.store.inserting import writing
from cds_service.store.tables import DATA_KEYS, DECISIONS, FEEDBACK

DAY_S = 86_400
AT_ONCE = 1000
"""How many records one transaction removes, so that calls do not wait for it."""


def remove_older(database: Engine, before: float) -> int:
    """Remove the ciphertexts of what was recorded before `before` (epoch seconds), oldest first and at most `AT_ONCE`;
    how many records that were.

    A data key encrypts on one day only, so when that day is over the limit the key goes too. The chain stays valid: it
    covers digests.
    """
    oldest = (
        select(DECISIONS.c.decision_id)
        .where(DECISIONS.c.at < before, DECISIONS.c.ciphertext.is_not(None))
        .order_by(DECISIONS.c.at)
        .limit(AT_ONCE)
    )
    with writing(database) as connection:
        old = update(DECISIONS).where(DECISIONS.c.decision_id.in_(oldest))
        removed = connection.execute(old.values(ciphertext=None)).rowcount
        said = update(FEEDBACK).where(FEEDBACK.c.received < before, FEEDBACK.c.comment.is_not(None))
        connection.execute(said.values(comment=None, data_key=None))
        if removed < AT_ONCE:
            day = strftime("%Y-%m-%d", gmtime(before))
            connection.execute(delete(DATA_KEYS).where(DATA_KEYS.c.data_key < day))
    return removed

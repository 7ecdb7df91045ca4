"""What is old is removed: records and comments, and the data keys that nothing needs any more. Headers stay."""

from sqlalchemy import Engine, delete, select, union, update

from cds_service.store.inserting import writing
from cds_service.store.tables import DATA_KEYS, DECISIONS, FEEDBACK

DAY_S = 86_400


def remove_older(database: Engine, before: float) -> int:
    """Remove the ciphertexts of what was recorded before `before` (epoch seconds); how many records that were.

    A data key goes with the last ciphertext it opens. The chain stays valid: it covers digests.
    """
    with writing(database) as connection:
        old = update(DECISIONS).where(DECISIONS.c.at < before, DECISIONS.c.ciphertext.is_not(None))
        removed = connection.execute(old.values(ciphertext=None)).rowcount
        said = update(FEEDBACK).where(FEEDBACK.c.received < before, FEEDBACK.c.comment.is_not(None))
        connection.execute(said.values(comment=None, data_key=None))
        needed = union(
            select(DECISIONS.c.data_key).where(DECISIONS.c.ciphertext.is_not(None)),
            select(FEEDBACK.c.data_key).where(FEEDBACK.c.data_key.is_not(None)),
        )
        if removed:
            connection.execute(delete(DATA_KEYS).where(DATA_KEYS.c.data_key.not_in(needed)))
    return removed

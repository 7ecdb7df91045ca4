"""What a model predicted, out of the records: the file that `cds models labels` and `cds models monitor` read."""

from collections.abc import Iterator

import msgspec

from cds_service.monitoring.recorded import Span
from cds_service.record.scores import StoredScore
from cds_service.store.reading import Envelope
from cds_service.store.store import Store


class KeptSession(msgspec.Struct, frozen=True):
    patient_id: str


class KeptScores(msgspec.Struct, frozen=True):
    """The members of a record that are read here; the others are skipped."""

    session: KeptSession
    now: str
    scored: tuple[StoredScore, ...] = ()


SCORES = msgspec.json.Decoder(KeptScores)


def read_predictions(store: Store, span: Span, model: str, patient_ids: bool = False) -> Iterator[dict[str, str]]:
    """One row for each prediction of a model (its first outcome), oldest first: `decision`, `patient`, `date`, `model`,
    `version`, `probability`, and what each input added to the sum.

    `patient` is a keyed hash, or the id itself with `patient_ids`. Calls that repeat another and records that retention
    removed are left out. Raises `Unopened` for a record that was changed.
    """
    for envelope in store.list_since(span.since, span.until, span.tenant):
        if envelope.repeat or envelope.is_removed:
            continue
        kept = SCORES.decode(store.records.open(envelope))
        score = next((each for each in kept.scored if each.model == model and each.result is not None), None)
        if score is not None:
            yield row_of(envelope, kept, score, patient_ids)


def row_of(envelope: Envelope, kept: KeptScores, score: StoredScore, patient_ids: bool) -> dict[str, str]:
    return {
        "decision": envelope.row.decision_id,
        "patient": kept.session.patient_id if patient_ids else envelope.row.patient_key,
        "date": kept.now[:10],
        "model": score.model,
        "version": score.version,
        "probability": repr(score.result),
        **{name: repr(part) for name, part in score.parts.items()},
    }

"""What a model predicted, out of the records: the file that `cds models labels` and `cds models monitor` read, and what
both arms of a release said of the same patients."""

from collections.abc import Iterable, Iterator
from statistics import fmean

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
    beside_scored: tuple[StoredScore, ...] = ()


class ArmsCompared(msgspec.Struct, frozen=True):
    """Calls in which a version of a model answered and the other arm had another one: how many, the means of both, and
    in how many the other said more or less, or named another band."""

    answered: str
    beside: str
    calls: int
    mean: float
    mean_beside: float
    higher: int
    lower: int
    other_band: int


SCORES = msgspec.json.Decoder(KeptScores)


def read_predictions(
    store: Store,
    span: Span,
    model: str,
    patient_ids: bool = False,
    version: str | None = None,
    result: str = "probability",
) -> Iterator[dict[str, str]]:
    """One row for each prediction of a model (its first outcome), oldest first: `decision`, `patient`, `date`, `model`,
    `version`, the result under the name it has (`probability`, `points`), and what each input added to the sum.

    These are the predictions of the arm that answered; with `version` those of that version, whichever arm answered.
    `patient` is a keyed hash, or the id itself with `patient_ids`. Calls that repeat another and records that retention
    removed are left out. Raises `Unopened` for a record that was changed.
    """
    for envelope, kept in read_scores(store, span):
        every = kept.scored if version is None else (*kept.scored, *kept.beside_scored)
        score = find_score(every, model, version)
        if score is not None:
            patient = kept.session.patient_id if patient_ids else envelope.row.patient_key
            yield row_of(envelope.row.decision_id, patient, kept.now[:10], score, result)


def compare_arms(store: Store, span: Span, model: str) -> list[ArmsCompared]:
    """What both arms said of the same patients, for each pair of versions. Raises `Unopened`."""
    pairs: dict[tuple[str, str], list[tuple[StoredScore, StoredScore]]] = {}
    for _, kept in read_scores(store, span):
        one, other = find_score(kept.scored, model), find_score(kept.beside_scored, model)
        if one is not None and other is not None:
            pairs.setdefault((one.version, other.version), []).append((one, other))
    return [compare(versions, said) for versions, said in sorted(pairs.items())]


def compare(versions: tuple[str, str], said: list[tuple[StoredScore, StoredScore]]) -> ArmsCompared:
    results = [(one.result or 0.0, other.result or 0.0) for one, other in said]
    return ArmsCompared(
        *versions,
        calls=len(said),
        mean=fmean(one for one, _ in results),
        mean_beside=fmean(other for _, other in results),
        higher=sum(other > one for one, other in results),
        lower=sum(other < one for one, other in results),
        other_band=sum(one.band != other.band for one, other in said),
    )


def read_scores(store: Store, span: Span) -> Iterator[tuple[Envelope, KeptScores]]:
    for envelope in store.list_since(span.since, span.until, span.tenant):
        if not envelope.repeat and not envelope.is_removed:
            yield envelope, SCORES.decode(store.records.open(envelope))


def find_score(scored: Iterable[StoredScore], model: str, version: str | None = None) -> StoredScore | None:
    """The first prediction of a model, of any version without `version`."""
    said = (each for each in scored if each.model == model and each.result is not None)
    return next((each for each in said if version in (None, each.version)), None)


def row_of(decision: str, patient: str, date: str, score: StoredScore, result: str) -> dict[str, str]:
    return {
        "decision": decision,
        "patient": patient,
        "date": date,
        "model": score.model,
        "version": score.version,
        result: repr(score.result),
        **{name: repr(part) for name, part in score.parts.items()},
    }

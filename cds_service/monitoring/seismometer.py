"""Alerts and what became of them in the form that Seismometer reads (epic-open-source/seismometer 0.5).

Its data loader takes CSV beside Parquet: predictions with entity, context, time and score, and events with the same two
ids, `Type`, `EventTime` and `Value`; `usage_config.yml` names the columns (its model `DataUsage`).
Here the entity is the keyed hash of a patient, the context one finding of one decision. The score is how urgently it
was said: an order, not a probability. Nothing in the files names a person.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from cds_service.monitoring.recorded import ACCEPTED, OVERRIDDEN, Answer, Fired, Span, read_answers, read_fired
from cds_service.monitoring.tally import OTHER_ARM

COHORTS = ("frequent_rule", "version", "severity", "indicator", "client", "role", "service", "withheld")
PREDICTIONS = ("patient", "finding", "PredictTime", "urgency", "release", "rule", *COHORTS)
URGENCY = {"critical": 0.9, "warning": 0.6}
INFO, WITHHELD = 0.3, 0.0
MOST_GROUPS = 25
"""Seismometer leaves a cohort out that has more groups."""
OTHER_RULES = "other rules"
EVENTS = ("patient", "finding", "Type", "EventTime", "Value")
USAGE = """data_usage:
  entity_id: patient
  context_id: finding
  primary_output: urgency
  primary_target: {accepted}
  predict_time: PredictTime
  cohorts:
{cohorts}
  event_table:
    type: Type
    time: EventTime
    value: Value
  events:
    - source: {accepted}
      display_name: {accepted}
      usage: target
    - source: {overridden}
      display_name: {overridden}
      usage: outcome
"""
CONFIG = """other_info:
  info_dir: "."
  data_dir: "."
  usage_config: "usage_config.yml"
  prediction_definition: "predictions_dictionary.yml"
  event_definition: "events_dictionary.yml"
  prediction_path: "predictions.csv"
  event_path: "events.csv"
  metadata_path: "metadata.json"
"""


def write_seismometer(database: Engine, span: Span, folder: Path) -> tuple[Path, ...]:
    """Write the files into `folder`, for their owner alone; their paths. They hold every row: record who takes them
    (`store.accesses`)."""
    with database.connect() as connection:
        fired = [each for each in read_fired(connection, span) if each.reason != OTHER_ARM]
        answers = read_answers(connection, span)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    frequent = frequent_rules(fired)
    rows = (prediction_row(each, each.rule if each.rule in frequent else OTHER_RULES) for each in fired)
    write_rows(folder / "predictions.csv", PREDICTIONS, rows)
    write_rows(folder / "events.csv", EVENTS, event_rows(fired, answers))
    cohorts = "\n".join(f"    - source: {name}" for name in COHORTS)
    texts = {
        "config.yml": CONFIG,
        "usage_config.yml": USAGE.format(cohorts=cohorts, accepted=ACCEPTED, overridden=OVERRIDDEN),
        "predictions_dictionary.yml": dictionary("predictions", PREDICTIONS),
        "events_dictionary.yml": dictionary("events", (ACCEPTED, OVERRIDDEN)),
        "metadata.json": '{"modelname": "cds-service alerts", "thresholds": [0.8, 0.5]}\n',
    }
    for name, text in texts.items():
        for_owner_only(folder / name).write_text(text, "utf-8")
    return tuple(folder / name for name in ("predictions.csv", "events.csv", *texts))


def dictionary(title: str, names: Iterable[str]) -> str:
    """What Seismometer calls a dictionary: the columns, or the kinds of events, and their types."""
    types = {"urgency": "float", "PredictTime": "datetime64[ns]"}
    kind = "float" if title == "events" else "object"
    lines = [f"  - name: {name}\n    dtype: {types.get(name, kind)}" for name in names]
    return f"{title}:\n" + "\n".join(lines) + "\n"


def frequent_rules(fired: Iterable[Fired]) -> frozenset[str]:
    """The rules that fired most, as many as Seismometer tells apart beside the others."""
    ranked = [rule for rule, _ in Counter(sorted(each.rule for each in fired)).most_common()]
    return frozenset(ranked if len(ranked) <= MOST_GROUPS else ranked[: MOST_GROUPS - 1])


def prediction_row(fired: Fired, frequent_rule: str) -> tuple[object, ...]:
    urgency = WITHHELD if fired.reason else URGENCY.get(fired.indicator, INFO)
    about = (fired.patient, context_of(fired), moment(fired.at), urgency, fired.release, fired.rule)
    said = (frequent_rule, fired.version, fired.severity, fired.indicator)
    return (*about, *said, fired.tenant, fired.role, fired.service, fired.reason or "no")


def event_rows(fired: Iterable[Fired], answers: Mapping[str, Answer]) -> Iterator[tuple[object, ...]]:
    for each in fired:
        answer = answers.get(each.card or "")
        if answer is not None and not each.reason:
            yield each.patient, context_of(each), answer.outcome, moment(max(answer.at, each.at)), 1


def context_of(fired: Fired) -> str:
    """One finding of one decision: Seismometer keeps one prediction for each pair of ids and time."""
    return f"{fired.decision}/{fired.place}"


def moment(at: float) -> str:
    """In UTC without an offset: times without a zone are what Seismometer compares."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def write_rows(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with for_owner_only(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def for_owner_only(path: Path) -> Path:
    """The file, there and read by nobody else."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    return path

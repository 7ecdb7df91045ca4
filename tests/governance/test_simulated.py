"""What `cds simulate` prints, as a pharmacist reads it in a terminal 80 wide."""

from cds_service.governance.simulated import say_simulation
from cds_service.governance.simulation import Change, Compared, Kind, tally
from cds_service.knowledge.rules import Severity

LONG = "aspirin-anticoagulant-without-stomach-protection"


def change(kind: Kind, decision: str, rule: str = "two-hypnotics", **more: object) -> Change:
    severity = Severity.MAJOR if rule == LONG else Severity.MODERATE
    was, now = {Kind.ADDED: ("", "info"), Kind.REMOVED: ("info", ""), Kind.CHANGED: ("info", "warning")}[kind]
    return Change(kind, decision, "order-sign", rule, severity, was, now, ("zolpidem", "temazepam"), **more)  # type: ignore[arg-type]


def test_nothing_is_said_in_one_sentence() -> None:
    assert list(say_simulation(tally([Compared(0)]))) == [
        "1 decision showed 0 alerts.",
        "No alert and no risk card would have been added, removed or changed.",
    ]


def test_severities_come_first_then_rules_by_how_much_they_change() -> None:
    found = tally(
        [
            Compared(2, (change(Kind.REMOVED, "d1", became="accepted"), change(Kind.ADDED, "d1", LONG, repeats=True))),
            Compared(1, (change(Kind.REMOVED, "d2", became="overridden"),)),
            Compared(1, (change(Kind.CHANGED, "d3"),)),
            Compared(0),
        ]
    )
    lines = list(say_simulation(found))
    # By hand: 4 decisions, 2 + 1 + 1 + 0 alerts, 3 touched; two-hypnotics 2 removed 1 changed, the other 1 added.
    assert lines[:14] == [
        "4 decisions showed 4 alerts.",
        "3 decisions would have come out otherwise.",
        "",
        "  added  removed  changed",
        "      1        0        0  all major",
        "      0        2        1  all moderate",
        "",
        "      0        2        1  two-hypnotics (moderate)",
        "                           1 of the removed had been accepted",
        "                           1 of the removed had been overridden",
        "",
        f"      1        0        0  {LONG} (major)",
        "                           1 of the added would repeat an override",
        "",
    ]
    assert lines[14].startswith("Some cases")
    assert lines[15:18] == [
        "  d1",
        f"    added: {LONG} (info), repeats an override",
        "    zolpidem with temazepam",
    ]
    assert "    changed: two-hypnotics (info to warning)" in lines
    assert "    removed: two-hypnotics (info), was accepted" in lines


def test_a_change_of_the_severity_alone_is_told_as_that() -> None:
    lesser = Change(Kind.CHANGED, "d1", "order-sign", LONG, Severity.MODERATE, "warning", "warning", (), had="major")
    lines = list(say_simulation(tally([Compared(1, (lesser,))])))
    assert f"    changed: {LONG} (warning, major to moderate)" in lines


def test_what_could_not_be_read_is_counted_apart_and_named() -> None:
    lines = list(say_simulation(tally([Compared(1), *(Compared(0, unreadable=f"d{each}") for each in (3, 1, 4, 2))])))
    assert lines[:6] == [
        "1 decision showed 1 alert.",
        "4 decisions could not be read and count nowhere; `cds audit verify` says why:",
        "  d1",
        "  d2",
        "  d3",
        "  and 1 more",
    ]

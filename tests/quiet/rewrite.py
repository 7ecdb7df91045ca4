"""Write both tables anew from what fires now, keeping every verdict: `python -m tests.quiet.rewrite`.

Lines without a verdict are named: read each like a pharmacist, and fix the rule where it is silly, not the table.
"""

from tests.quiet.alerts import answers
from tests.quiet.tables import SERIES, count, judge, path_of, rates, read, write


def rewrite(series: str) -> None:
    found = answers(series)
    lines = judge(count(found), read(series) if path_of(series).exists() else ())
    write(series, lines)
    per_hundred = ", ".join(f"{rate:.2f} {indicator}" for indicator, rate in rates(found).items())
    print(f"{series}: {len(found)} draft orders; cards per 100: {per_hundred}")
    for line in lines:
        if not line.verdict:
            alert = line.alert
            print(f"  no verdict yet: {alert.indicator} {alert.rule}, {alert.drugs} ({line.count})")


if __name__ == "__main__":
    for each in SERIES:
        rewrite(each)

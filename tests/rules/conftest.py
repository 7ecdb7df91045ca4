"""Prints at the end of a run how many rows of each reference are said by a rule."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted = [
        str(value)
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for name, value in getattr(report, "user_properties", ())
        if name == "rows" and report.when == "call"
    ]
    if counted:
        terminalreporter.section("rows of the references")
        for line in counted:
            terminalreporter.write_line(line)

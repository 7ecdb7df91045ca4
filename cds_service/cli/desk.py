"""What every step of a release needs, put together for one command."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cds_service.cli.audit import open_for_reading
from cds_service.cli.changes import name_file, name_in
from cds_service.cli.checking import say
from cds_service.cli.options import settings_from
from cds_service.errors import BadRelease

if TYPE_CHECKING:
    from cds_service.governance.check import Report
    from cds_service.knowledge.release import Release
    from cds_service.knowledge.sources import Sources
    from cds_service.settings import Settings
    from cds_service.store.releases import Kept, Releases
    from cds_service.store.store import Store
    from cds_service.terminology.products import Terminology

SHOWN = 12
"""Digits of a digest that people are shown."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The releases, the keys that sign, and the knowledge as the data folders have it."""

    settings: "Settings"
    store: "Store"
    releases: "Releases"
    folders: "Sources"
    terminology: "Terminology"

    def open(self, digest: str) -> "Release":
        """A kept release. Raises `BadRelease` when this code cannot run it."""
        from cds_service.governance.releases import open_release

        return open_release(self.releases, digest, self.terminology)

    def open_today(self, digest: str) -> "Release":
        """A kept release as it answers today, without the changes of it that have ended."""
        from cds_service.app import today

        return self.open(digest).on(today(self.settings))

    def shipped(self) -> "Release":
        """What the data folders give, kept, so that drafts have something to stand on."""
        from cds_service.app import as_run, find_release
        from cds_service.governance.releases import keep_shipped

        shipped = as_run(find_release(self.settings, self.terminology), self.settings)
        keep_shipped(self.releases, self.store.ring, shipped, now())
        return shipped

    def check(self, overlay: str, file: Path | None = None) -> "Report":
        """Compile folders and overlay and run every example; exit 1 after saying what is wrong. `file` is where the
        overlay was read from."""
        from cds_service.app import today
        from cds_service.governance.check import check as check_sources

        sources = self.folders.with_layer(overlay) if overlay else self.folders
        report = check_sources(sources, self.terminology, today(self.settings))
        warnings = [name_in(warning, file) for warning in report.warnings]
        say(name_file(report.problems, file), warnings, "nothing was changed")
        return report

    def compile(self, overlay: str, file: Path | None = None) -> "Release":
        """What folders and overlay give when run here, after every example of it came out as written."""
        from cds_service.app import as_run

        checked = self.check(overlay, file).release
        if checked is None:
            raise typer.Exit(1)
        return as_run(checked, self.settings)

    def hold_to_examples(self, kept: "Kept") -> None:
        """Exit 1 unless the folders as they are now give this very release, as it answers today, and all its examples
        come out."""
        made = self.compile(kept.overlay)
        if made.digest != self.open_today(kept.digest).digest:
            typer.echo(
                f"cds: the data folders now give release {made.digest[:SHOWN]}: they or the code are not those that"
                f" {kept.digest[:SHOWN]} was drafted from; draft it anew",
                err=True,
            )
            raise typer.Exit(1)

    def differences(self, kept: "Kept", other: str | None = None) -> Iterator[str]:
        """What a release says otherwise than `other`; without one, than what is in force, else what it was put on."""
        from cds_service.governance.diff import diff

        try:
            against = self.open(self.releases.find(other).digest) if other else self.find_base(kept)
        except BadRelease as why:
            yield f"nothing to compare with: {why}"
            return
        yield f"against {against.digest[:SHOWN]}:"
        yield from list(diff(against, self.open(kept.digest))) or ["nothing: both answer alike"]

    def find_base(self, kept: "Kept") -> "Release":
        last = self.releases.last()
        if last is not None:
            return self.open_today(last.control)
        return self.open_today(kept.base) if kept.base else self.shipped()


def open_desk(config: Path | None) -> Desk:
    """The desk of a service that ran with this configuration. Raises `BadSettings` where none ran."""
    settings = settings_from(config)
    return desk_of(settings, open_for_reading(settings))


def open_new_desk(config: Path | None) -> Desk:
    """The desk of a service that may not have run yet."""
    from cds_service.app import open_records

    settings = settings_from(config)
    return desk_of(settings, open_records(settings, lambda event, about: None))


def desk_of(settings: "Settings", store: "Store") -> Desk:
    from cds_service.app import open_terminology, read_folders
    from cds_service.store.releases import Releases

    return Desk(settings, store, Releases(store.database), read_folders(), open_terminology())


def now() -> float:
    return datetime.now(UTC).timestamp()

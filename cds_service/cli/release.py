"""`cds release`: changes to what the service says, from a draft to what answers, and back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.checking import say
from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from cds_service.governance.check import Report
    from cds_service.governance.releases import Word
    from cds_service.knowledge.release import Release
    from cds_service.knowledge.sources import Sources
    from cds_service.settings import Settings
    from cds_service.store.releases import Activation, Kept, Releases
    from cds_service.store.store import Store
    from cds_service.terminology.products import Terminology

release = typer.Typer(help="Draft, check, approve and put in force what the service says.", no_args_is_help=True)

DigestArgument = Annotated[str, typer.Argument(metavar="RELEASE", help="The digest of a release, or its first digits.")]
ByOption = Annotated[str, typer.Option(help="Your name.", default_factory=getuser, show_default="who is logged in")]
WhyOption = Annotated[str, typer.Option(help="Why; it stays with the release.")]
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Desk:
    """What every step needs: the releases, the keys that sign, and the knowledge as the data folders have it."""

    settings: "Settings"
    store: "Store"
    releases: "Releases"
    folders: "Sources"
    terminology: "Terminology"

    def open(self, digest: str) -> "Release":
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
        keep_shipped(self.releases, shipped, now())
        return shipped

    def check(self, overlay: str) -> "Report":
        """Compile folders and overlay and run every example; exit 1 after saying what is wrong."""
        from cds_service.app import today
        from cds_service.governance.check import check as check_sources

        sources = self.folders.with_layer(overlay) if overlay else self.folders
        report = check_sources(sources, self.terminology, today(self.settings))
        say(report.problems, report.warnings, "nothing was changed")
        return report

    def compile(self, overlay: str) -> "Release":
        """What folders and overlay give when run here, after every example of it came out as written."""
        from cds_service.app import as_run

        checked = self.check(overlay).release
        if checked is None:
            raise typer.Exit(1)
        return as_run(checked, self.settings)


def open_desk(config: Path | None) -> Desk:
    from cds_service.app import open_records, open_terminology, read_folders
    from cds_service.store.releases import Releases

    settings = settings_from(config)
    store = open_records(settings, lambda event, about: None)
    return Desk(settings, store, Releases(store.database), read_folders(), open_terminology())


def now() -> float:
    return datetime.now(UTC).timestamp()


def word(by: str, why: str) -> "Word":
    from cds_service.governance.releases import Word

    return Word(by, why, now())


@release.command()
def draft(
    why: WhyOption,
    by: ByOption,
    overlay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Changes as in config/site; without it, the data folders.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make a release from the data folders and a file of changes. Every example runs; nothing is in force yet."""
    from cds_service.governance.releases import keep_draft

    with plain_errors():
        desk = open_desk(config)
        text = overlay.read_text("utf-8-sig") if overlay else ""
        made = desk.compile(text)
        base = desk.shipped().digest if overlay else None
        kept = keep_draft(desk.releases, made, base, text, word(by, why))
        typer.echo(f"draft {kept.digest}")
        echo_lines(differences(desk, made, find_base(desk, kept)))
        typer.echo(f"next: somebody else reads this and runs `cds release approve {kept.digest[:SHOWN]}`")


@release.command()
def diff(
    digest: DigestArgument,
    other: Annotated[
        str | None, typer.Argument(metavar="[OTHER]", help="Against which; without it, against what is in force.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Say what a release says otherwise than another."""
    with plain_errors():
        desk = open_desk(config)
        kept = desk.releases.find(digest)
        against = desk.open(desk.releases.find(other).digest) if other else find_base(desk, kept)
        echo_lines(differences(desk, desk.open(kept.digest), against))


@release.command()
def check(digest: DigestArgument, config: ConfigOption = None) -> None:
    """Make a release again from the data folders and its changes, and run every example of it."""
    with plain_errors():
        desk = open_desk(config)
        kept = desk.releases.find(digest)
        hold_to_examples(desk, kept)
        typer.echo(f"release {kept.digest[:SHOWN]} is what data folders and changes give; every example came out")


@release.command()
def approve(digest: DigestArgument, by: ByOption, why: WhyOption = "", config: ConfigOption = None) -> None:
    """Approve a draft that somebody else made."""
    from cds_service.governance.releases import approve as approve_draft

    with plain_errors():
        desk = open_desk(config)
        kept = desk.releases.find(digest)
        approve_draft(desk.releases, kept, authors_of(kept), word(by, why))
        typer.echo(f"release {kept.digest[:SHOWN]} approved by {by}; `cds release activate` puts it in force")


@release.command()
def activate(
    digest: DigestArgument,
    why: WhyOption,
    by: ByOption,
    percent: Annotated[
        int, typer.Option(min=0, max=100, help="Share of the patients; 0 records without showing.")
    ] = 100,
    config: ConfigOption = None,
) -> None:
    """Put an approved release in force: for all, for a share of the patients, or silently. Running servers take it
    within seconds."""
    from cds_service.governance.releases import activate as put_in_force
    from cds_service.governance.releases import begin_log
    from cds_service.store.releases import SHIPPED

    with plain_errors():
        desk = open_desk(config)
        kept = desk.releases.find(digest)
        ran_before = any(kept.digest in entry.digests for entry in desk.releases.history())
        if kept.state != SHIPPED and not ran_before:
            hold_to_examples(desk, kept)
        if desk.releases.last() is None:
            begin_log(desk.releases, desk.store.ring, desk.shipped().digest, now())
        entered = put_in_force(desk.releases, desk.store.ring, kept, percent, word(by, why), token_hex(8))
        typer.echo(f"in force: {describe(entered)}")


@release.command()
def rollback(by: ByOption, why: WhyOption = "taken back", config: ConfigOption = None) -> None:
    """Put in force again what was before. Running servers take it within seconds."""
    from cds_service.governance.releases import roll_back

    with plain_errors():
        desk = open_desk(config)
        entered = roll_back(desk.releases, desk.store.ring, word(by, why))
        typer.echo(f"in force: {describe(entered)}")


@release.command()
def history(config: ConfigOption = None) -> None:
    """List every release, and what was in force from when on."""
    from cds_service.governance.releases import is_genuine

    with plain_errors():
        desk = open_desk(config)
        typer.echo("Releases, oldest first:")
        for kept in desk.releases.every():
            signed = f" by {kept.approver}" if kept.approver else ""
            typer.echo(f"  {kept.digest[:SHOWN]}  {kept.state}{signed}")
            typer.echo(f"      {stamp(kept.made)} by {kept.author}: {kept.why}")
        log = desk.releases.history()
        typer.echo("In force, the last one now:" if log else "In force: what the data folders hold.")
        for entry in log:
            forged = "" if is_genuine(desk.releases, desk.store.ring, entry) else " NOT SIGNED BY THIS RING"
            typer.echo(f"  {entry.number}. {describe(entry)}{forged}")
            typer.echo(f"      since {stamp(entry.at)}, by {entry.who}: {entry.why}")


def hold_to_examples(desk: Desk, kept: "Kept") -> None:
    """Exit 1 unless the folders as they are now give this very release, as it answers today, and all its examples come
    out."""
    made = desk.compile(kept.overlay)
    if made.digest != desk.open_today(kept.digest).digest:
        typer.echo(
            f"cds: the data folders now give release {made.digest[:SHOWN]}: they or the code are not those that"
            f" {kept.digest[:SHOWN]} was drafted from; draft it anew",
            err=True,
        )
        raise typer.Exit(1)


def find_base(desk: Desk, kept: "Kept") -> "Release":
    """What a release is compared with: what is in force, else what it was put on, else the data folders."""
    last = desk.releases.last()
    if last is not None:
        return desk.open_today(last.control)
    return desk.open_today(kept.base) if kept.base else desk.shipped()


def differences(desk: Desk, made: "Release", against: "Release") -> Iterator[str]:
    from cds_service.governance.diff import diff as compare

    yield f"against {against.digest[:SHOWN]}:"
    lines = list(compare(against, made))
    yield from lines or ["nothing: both answer alike"]


def authors_of(kept: "Kept") -> Iterator[str]:
    """Who made the changes of a release, as they say themselves."""
    import tomllib

    for change in tomllib.loads(kept.overlay).get("change", ()):
        yield str(change.get("by", ""))


def describe(entry: "Activation") -> str:
    if entry.candidate is None:
        return f"{entry.control[:SHOWN]} for everybody"
    share = f"for {entry.percent} % of the patients" if entry.percent else "silently"
    return f"{entry.control[:SHOWN]}, beside it {entry.candidate[:SHOWN]} {share}"


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def echo_lines(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)

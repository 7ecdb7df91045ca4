"""`cds release`: changes to what the service says, from a draft to what answers, and back."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.changes import read_changes
from cds_service.cli.desk import SHOWN, now, open_desk, open_new_desk
from cds_service.cli.options import ConfigOption, plain_errors

if TYPE_CHECKING:
    from cds_service.governance.releases import Word
    from cds_service.store.releases import Activation, Kept

release = typer.Typer(help="Draft, check, approve and put in force what the service says.", no_args_is_help=True)

DigestArgument = Annotated[str, typer.Argument(metavar="RELEASE", help="The digest of a release, or its first digits.")]
ByOption = Annotated[str, typer.Option(help="Your name.", default_factory=getuser, show_default="who is logged in")]
NOT_SIGNED = " NOT SIGNED BY THIS RING"
WhyOption = Annotated[str, typer.Option(help="Why; it stays with the release.")]


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
        desk = open_new_desk(config)
        text = read_changes(overlay) if overlay else ""
        made = desk.compile(text, overlay)
        base = desk.shipped().digest if overlay else None
        kept = keep_draft(desk.releases, made, base, text, word(by, why))
        typer.echo(f"draft {kept.digest}")
        echo_lines(desk.differences(kept))
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
        echo_lines(desk.differences(kept, other))


@release.command()
def check(digest: DigestArgument, config: ConfigOption = None) -> None:
    """Make a release again from the data folders and its changes, and run every example of it."""
    with plain_errors():
        desk = open_desk(config)
        kept = desk.releases.find(digest)
        desk.hold_to_examples(kept)
        typer.echo(f"release {kept.digest[:SHOWN]} is what data folders and changes give; every example came out")


@release.command()
def approve(digest: DigestArgument, by: ByOption, config: ConfigOption = None) -> None:
    """Approve a draft that somebody else made."""
    from cds_service.governance.releases import approve as approve_draft

    with plain_errors():
        desk = open_desk(config)
        kept = desk.releases.find(digest)
        approve_draft(desk.releases, desk.store.ring, kept, authors_of(kept), word(by, ""))
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
        last = desk.releases.last()
        desk.open(kept.digest)
        if percent < 100 and last is not None:
            desk.open(last.control)
        ran_before = any(kept.digest in entry.digests for entry in desk.releases.history())
        if kept.state != SHIPPED and not ran_before:
            desk.hold_to_examples(kept)
        if last is None:
            begin_log(desk.releases, desk.store.ring, desk.shipped().digest, now())
        entered = put_in_force(desk.releases, desk.store.ring, kept, percent, word(by, why), token_hex(8))
        typer.echo(f"in force: {describe(entered)}")


@release.command()
def rollback(by: ByOption, why: WhyOption = "taken back", config: ConfigOption = None) -> None:
    """Put in force again what was before. Running servers take it within seconds."""
    from cds_service.governance.releases import find_before, roll_back

    with plain_errors():
        desk = open_desk(config)
        for digest in find_before(desk.releases).digests:
            desk.open(digest)
        entered = roll_back(desk.releases, desk.store.ring, word(by, why))
        typer.echo(f"in force: {describe(entered)}")


@release.command()
def history(config: ConfigOption = None) -> None:
    """List every release, and what was in force from when on."""
    from cds_service.governance.releases import is_approved, is_genuine
    from cds_service.store.releases import DRAFT

    with plain_errors():
        desk = open_desk(config)
        typer.echo("Releases, oldest first:")
        for kept in desk.releases.every():
            signed = f" by {kept.approver}" if kept.approver else ""
            forged = kept.state != DRAFT and not is_approved(desk.store.ring, kept)
            typer.echo(f"  {kept.digest[:SHOWN]}  {kept.state}{signed}{NOT_SIGNED if forged else ''}")
            typer.echo(f"      {stamp(kept.made)} by {kept.author}: {kept.why}")
        log = desk.releases.history()
        typer.echo("In force, the last one now:" if log else "In force: what the data folders hold.")
        for entry in log:
            forged = not is_genuine(desk.releases, desk.store.ring, entry)
            typer.echo(f"  {entry.number}. {describe(entry)}{NOT_SIGNED if forged else ''}")
            typer.echo(f"      since {stamp(entry.at)}, by {entry.who}: {entry.why}")


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

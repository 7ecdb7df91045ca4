"""The way of a release: somebody drafts it, somebody else approves it, it is put in force, and one step takes it back.

Everything that changes answers goes this way. What was in force when stands in a signed log.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import msgspec

from cds_service.errors import BadRelease, CdsError
from cds_service.knowledge.release import Release
from cds_service.knowledge.stored import read_release, write_release
from cds_service.store.releases import APPROVED, DRAFT, SHIPPED, Activation, Kept, Releases
from cds_service.store.ring import Ring
from cds_service.terminology.products import Terminology

EVERYBODY = 100
AUTOMATIC = "automatic"
"""Who put a release in force that the service made itself, such as one with a model switched off."""


@dataclass(unsafe_hash=True)
class NotAllowed(CdsError):
    """A step that the way of a release does not have here."""

    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True, slots=True)
class Word:
    """Who says what should happen to a release, why, and when (epoch seconds)."""

    who: str
    why: str
    at: float


def keep_shipped(releases: Releases, ring: Ring, release: Release, at: float) -> None:
    """Keep what the data folders held when a process started, so that its decisions can be replayed."""
    if not releases.has(release.digest):
        kept = Kept(release.digest, at, None, "", "as the data folders had it", "data folders", SHIPPED)
        releases.keep(sign(ring, kept), write_release(release))


def keep_in_place_of(releases: Releases, ring: Ring, digest: str, release: Release, now: datetime) -> None:
    """Keep what answers in the place of a kept release: that without the changes that have ended, or as this site runs
    what nobody reviewed. It is approved as that is, whose content says when which change ends."""
    before = releases.find(digest)
    kept = replace(
        before,
        digest=release.digest,
        made=now.timestamp(),
        why=f"{digest[:12]} as it answers since {now.date()}",
        author=AUTOMATIC,
    )
    releases.keep(sign(ring, kept) if is_approved(ring, before) else kept, write_release(release))


def sign(ring: Ring, kept: Kept) -> Kept:
    """The release with a signature of who approved it, or that the data folders held it."""
    signed_by, signature = ring.sign_text(approval_of(kept))
    return replace(kept, signed_by=signed_by, signature=signature)


def is_approved(ring: Ring, kept: Kept) -> bool:
    """Whether a key of this ring signed that this release may be put in force."""
    return kept.state != DRAFT and ring.is_signed(approval_of(kept), kept.signed_by, kept.signature)


def approval_of(kept: Kept) -> bytes:
    approved = None if kept.approved is None else float(kept.approved)  # a whole number comes back as either
    return msgspec.json.encode(["approval", kept.digest, kept.state, kept.approver, approved])


def keep_draft(releases: Releases, release: Release, base: str | None, overlay: str, word: Word) -> Kept:
    """Keep a release that passed its check as a draft; `overlay` is the text that was put on `base`.

    Raises `NotAllowed` when it was kept before, and says what can be done with it.
    """
    refuse_silence(word)
    kept = Kept(release.digest, word.at, base, overlay, word.why, word.who, DRAFT)
    if not releases.keep(kept, write_release(release)):
        raise NotAllowed(f"release {release.digest[:12]} {say_next(releases, releases.find(release.digest))}")
    return kept


def say_next(releases: Releases, kept: Kept) -> str:
    """How far a kept release is on its way, and which step comes next."""
    last = releases.last()
    if last is not None and last.control == kept.digest:
        return "is in force: nothing would change"
    step = "approve" if kept.state == DRAFT else "activate"
    return f"is kept already ({kept.state}, {kept.why}); next: `cds release {step} {kept.digest[:12]}`"


def approve(releases: Releases, ring: Ring, kept: Kept, authors: Iterable[str], word: Word) -> None:
    """Note that a second person approves a draft, or a release of which no key of this ring signed that somebody did.
    `authors` are all who wrote something in it.

    Raises `NotAllowed` when the approver wrote it, or it needs no approval.
    """
    if same_person(word.who, ""):
        raise NotAllowed("an approval needs the name of a person")
    if any(same_person(word.who, author) for author in (kept.author, *authors)):
        raise NotAllowed(f"{word.who!r} wrote this release; somebody else must approve it")
    approved = sign(ring, replace(kept, state=APPROVED, approver=word.who, approved=word.at))
    if is_approved(ring, kept) or not releases.approve(kept, approved, word.at):
        raise NotAllowed(f"release {kept.digest[:12]} is not a draft any more")


def refuse_silence(word: Word) -> None:
    """Raises `NotAllowed` when nobody says who wants something, or why: that is all that is known of it later."""
    if same_person(word.who, "") or not word.why.strip():
        raise NotAllowed("a name and a reason are needed: --by and --why")


def same_person(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def activate(releases: Releases, ring: Ring, kept: Kept, percent: int, word: Word, salt: str) -> Activation:
    """Put a release in force: for everybody, for `percent` of the patients beside what is in force now, or silently.

    A candidate that was one before keeps its salt, so that a wider share holds the patients of the narrower. Raises
    `NotAllowed` when nobody approved it, or there is nothing to stand beside.
    """
    refuse_silence(word)
    if not is_approved(ring, kept):
        found = "is a draft" if kept.state == DRAFT else f"stands as {kept.state}, and no key of this ring signed that"
        raise NotAllowed(f"release {kept.digest[:12]} {found}: `cds release approve` comes first")
    last = releases.last()
    if percent == EVERYBODY:
        return enter(releases, ring, Activation(next_number(last), word.at, kept.digest, None, 0, "", "", ""), word)
    if last is None or kept.digest == last.control:
        raise NotAllowed("a share of the patients needs another release in force for the others")
    if last.candidate == kept.digest:
        salt = last.salt
    planned = Activation(next_number(last), word.at, last.control, kept.digest, percent, salt, "", "")
    return enter(releases, ring, planned, word)


def begin_log(releases: Releases, ring: Ring, shipped: str, at: float) -> None:
    """The first entry of the log: what the data folders gave until now, so that there is something to go back to."""
    if releases.last() is None:
        word = Word("data folders", "in force before the first activation", at)
        enter(releases, ring, Activation(1, at, shipped, None, 0, "", "", ""), word)


def roll_back(releases: Releases, ring: Ring, word: Word) -> Activation:
    """Put in force what was before the entry in force now; a second time, what was before that.

    Raises `NotAllowed` when nothing was.
    """
    number = next_number(releases.last())
    return enter(releases, ring, replace(find_before(releases), number=number, at=word.at), word)


def find_before(releases: Releases) -> Activation:
    """What `roll_back` goes back to. Raises `NotAllowed` when nothing was in force before."""
    standing: list[Activation] = []
    for entry in releases.history():
        if len(standing) > 1 and entry.answers_as(standing[-2]):
            standing.pop()
        elif not standing or not entry.answers_as(standing[-1]):
            standing.append(entry)
    if len(standing) < 2:
        raise NotAllowed("nothing was in force before")
    return standing[-2]


def switch_automatically(releases: Releases, ring: Ring, release: Release, why: str, at: float) -> Activation:
    """Put in force for everybody a release that the service made itself, signed as automatic; for a switch to less
    only, such as from a model to its rule."""
    word = Word(AUTOMATIC, why, at)
    last = releases.last()
    base = None if last is None else last.control
    if not releases.has(release.digest):
        kept = Kept(release.digest, at, base, "", why, AUTOMATIC, APPROVED, AUTOMATIC, at)
        releases.keep(sign(ring, kept), write_release(release))
    return enter(releases, ring, Activation(next_number(last), at, release.digest, None, 0, "", "", ""), word)


def next_number(last: Activation | None) -> int:
    return 1 if last is None else last.number + 1


def enter(releases: Releases, ring: Ring, planned: Activation, word: Word) -> Activation:
    """Sign an activation and put it at the end of the log. Raises `ActivatedMeanwhile`."""
    named = replace(planned, who=word.who, why=word.why)
    signed_by, signature = ring.sign_text(signed_part(releases, named))
    signed = replace(named, signed_by=signed_by, signature=signature)
    releases.append(signed)
    return signed


def is_genuine(releases: Releases, ring: Ring, activation: Activation) -> bool:
    """Whether a key of this ring signed the entry and the content of its releases."""
    return ring.is_signed(signed_part(releases, activation), activation.signed_by, activation.signature)


def signed_part(releases: Releases, activation: Activation) -> bytes:
    plain = replace(activation, signed_by="", signature="")
    contents = [sha256(releases.content(digest)).hexdigest() for digest in activation.digests]
    return msgspec.json.encode([msgspec.to_builtins(plain), contents])


def open_release(releases: Releases, digest: str, terminology: Terminology) -> Release:
    """A kept release, ready to answer. Raises `NoSuchRelease` or `BadRelease`."""
    try:
        release = read_release(releases.content(digest), terminology)
    except BadRelease as why:
        raise BadRelease(f"release {digest[:12]} {why}") from None
    if release.digest != digest:
        raise BadRelease(f"release {digest[:12]} has the content of release {release.digest[:12]}")
    return release

"""Domain errors. None of them knows an HTTP status: `web.problems` holds the only table."""

from dataclasses import dataclass


class CdsError(Exception):
    """Anything this service can explain to the person who caused it.

    Errors with fields are dataclasses, not frozen: Python sets `__traceback__` on an error that leaves a `with` block.
    """


@dataclass(unsafe_hash=True)
class BadRequest(CdsError):
    """A CDS Hooks request that cannot be read.

    `element` is the JSON path of the offending member (`context.patientId`), `found` describes what was there
    without echoing patient data, `expected` says what the specification asks for.
    """

    element: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.element}: found {self.found}, expected {self.expected}"


@dataclass(unsafe_hash=True)
class NothingToWorkWith(CdsError):
    """No usable prefetch, no readable FHIR data and nothing to say about the drafts alone (CH-077)."""

    missing: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.why}; missing: {', '.join(self.missing)}"


@dataclass(unsafe_hash=True)
class NotTrusted(CdsError):
    """A caller who could not prove who they are (CH-196).

    `why` and the `client` it claimed to be are for the operator's log; the text of the error says neither.
    """

    why: str
    client: str = ""

    def __str__(self) -> str:
        return "authentication failed"


@dataclass(unsafe_hash=True)
class TooManyCalls(CdsError):
    """A trusted client called more often than agreed; `wait` is in whole seconds."""

    client: str
    wait: int

    def __str__(self) -> str:
        return f"more calls than agreed; nothing was checked; call again in {self.wait} s"


@dataclass(frozen=True)
class KnowledgeProblem:
    """One thing wrong in a rule, table, value set or card file, in words its author uses.

    `where` is the path inside the file (`when.all[2]`), `line` its 1-based line if known.
    """

    file: str
    where: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f"{at}: {self.where}: {self.message}" if self.where else f"{at}: {self.message}"


@dataclass(unsafe_hash=True)
class BadKnowledge(CdsError):
    """The knowledge folders do not compile; every problem found is listed, not just the first."""

    problems: tuple[KnowledgeProblem, ...]

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class BadRelease(CdsError):
    """Bytes that are no release this service can run; the text says why ("was changed after it was written")."""


class BadSettings(CdsError):
    """A setting is unknown, missing or unsafe; the service refuses to start and says which."""


@dataclass(unsafe_hash=True)
class NoToken(CdsError):
    """There is no access token for a FHIR server; `why` holds nothing secret."""

    why: str

    def __str__(self) -> str:
        return f"no token: {self.why}"


@dataclass(unsafe_hash=True)
class NotRecorded(CdsError):
    """The record of a decision could be written nowhere, and the site wants no answer without one."""

    decision_id: str

    def __str__(self) -> str:
        return "the decision could not be recorded, so it is not given"


class NotKept(CdsError):
    """Feedback that the database could not take."""

    def __str__(self) -> str:
        return "the feedback could not be kept; send it again later"


class BadData(CdsError):
    """Data of patients, predictions or outcomes that cannot be used: which file and line, and what was expected."""


class NotAnchored(CdsError):
    """The place for checkpoints did not take one."""

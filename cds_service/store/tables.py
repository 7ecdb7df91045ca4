"""The tables. No column outside `ciphertext` and `comment` holds a name, an identifier or a date of a patient.

Times are epoch seconds. Columns called `*_key` that are 64 characters long hold HMAC-SHA256 under the ring's `index`
key, with `index_key` naming which. A change here needs a migration; `tests/store` compares the two.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

STORE = MetaData()
ID = 36
KEY_ID = 40
DIGEST = 64
NAME = 200

DECISIONS = Table(
    "decision",
    STORE,
    Column("decision_id", String(ID), primary_key=True),
    Column("at", Double, nullable=False),
    Column("tenant", String(NAME), nullable=False),
    Column("client", String(NAME), nullable=False),
    Column("service", String(NAME), nullable=False),
    Column("hook", String(NAME), nullable=False),
    Column("role", String(NAME), nullable=False),
    Column("release_digest", String(DIGEST), nullable=False),
    Column("code_version", String(NAME), nullable=False),
    Column("arm", String(NAME), nullable=False),
    Column("patient_key", String(DIGEST), nullable=False),
    Column("user_key", String(DIGEST)),
    Column("call_key", String(DIGEST), nullable=False),
    Column("index_key", String(KEY_ID), nullable=False),
    Column("repeat", Boolean, nullable=False),
    Column("cards", Integer, nullable=False),
    Column("orders", Integer),
    Column("reached", LargeBinary, nullable=False),
    Column("data_key", String(KEY_ID), nullable=False),
    Column("ciphertext", LargeBinary),
    Column("ciphertext_sha256", String(DIGEST), nullable=False),
    Column("writer", String(ID), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("chain_hash", String(DIGEST), nullable=False),
    Column("answered", Boolean, nullable=False, server_default=false()),
    Index("decision_of_patient", "tenant", "patient_key", "at"),
    Index(
        *("decision_answered", "tenant", "patient_key", "at"),
        sqlite_where=text("answered = 1"),  # the words of the question: only then SQLite uses the index
        postgresql_where=text("answered"),
    ),
    Index("decision_in_time", "at"),
    Index("decision_of_call", "call_key", "at"),
    Index("decision_in_chain", "writer", "seq", unique=True),
)
"""One row for each decision. `at` is when it was recorded; `role` the resource type of the user (`Practitioner`).

`call_key` is of client, service, hook instance and body: the same within 60 s is a `repeat`, which no denominator
counts. `cards` is how many were shown, `orders` how many drafts for a drug the call was about: NULL at hooks without
orders, and where it was not counted yet. `reached` is packed JSON (`store.entries.unpack_reached`): the rules that were
reached and did not fire. `ciphertext` is NULL once retention removed it; `ciphertext_sha256` and the chain stay.
`answered` is whether feedback came to one of its cards: what is remembered is looked for among these only, however
often a patient was seen.
"""

FINDINGS = Table(
    "finding",
    STORE,
    Column("decision_id", String(ID), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("rule", String(NAME), nullable=False),
    Column("version", String(NAME), nullable=False),
    Column("severity", String(NAME), nullable=False),
    Column("indicator", String(NAME), nullable=False),
    Column("grade", Integer),
    Column("outcome", String(NAME), nullable=False),
    Column("reason", String(NAME), nullable=False),
    Column("card", String(ID)),
    Column("subject_key", String(DIGEST), nullable=False),
    Index("finding_of_card", "card"),
    Index("finding_of_rule", "rule"),
)
"""One row for each finding that fired. `outcome` is `shown` or `withheld`, `reason` why withheld, `card` the uuid of
the card it stands on, `grade` its place in the rule or NULL. `subject_key` is of tenant, rule and the sorted RXCUIs of
the ingredients that matched: the same problem with the same drugs, whoever the patient."""

CARDS = Table(
    "card",
    STORE,
    Column("card", String(ID), primary_key=True),
    Column("decision_id", String(ID), nullable=False),
    Column("topic", String(NAME), nullable=False),
    Index("card_of_decision", "decision_id"),
)
"""One row for each card that went out, so that feedback finds its decision. `topic` is the id of the rule that leads it
or of its model, or `more` or `not-checked`."""

FEEDBACK = Table(
    "feedback",
    STORE,
    Column("feedback_key", String(DIGEST), primary_key=True),
    Column("received", Double, nullable=False),
    Column("at", Double, nullable=False),
    Column("tenant", String(NAME), nullable=False),
    Column("client", String(NAME), nullable=False),
    Column("service", String(NAME), nullable=False),
    Column("card", String(DIGEST), nullable=False),
    Column("decision_id", String(ID)),
    Column("outcome", String(NAME), nullable=False),
    Column("accepted", Text, nullable=False),
    Column("reason_code", String(NAME), nullable=False),
    Column("reason_system", String(NAME), nullable=False),
    Column("data_key", String(KEY_ID)),
    Column("comment", LargeBinary),
    Index("feedback_of_card", "card"),
    Index("feedback_of_decision", "decision_id"),
    Index("feedback_in_time", "received"),
)
"""One row for each feedback event; the same event sent again has the same `feedback_key` and is kept once. `card` is
the uuid of a card of ours, or a keyed hash of what the client wrote where no card is known; then `decision_id` is NULL.
`accepted` is a JSON list of suggestion uuids. `comment` is what a person typed, and the words of the reason, encrypted.
Patient, user and role are those of the decision. The memory of overrides is these rows joined to `finding`."""

FEEDBACK_ENTRIES = Table(
    "feedback_entry",
    STORE,
    Column("writer", String(ID), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("feedback_key", String(DIGEST), nullable=False),
    Column("content_sha256", String(DIGEST), nullable=False),
    Column("words_sha256", String(DIGEST), nullable=False),
    Column("chain_hash", String(DIGEST), nullable=False),
    Index("entry_of_feedback", "feedback_key"),
)
"""One row each time an event of feedback was written: when it came, and when its reason did. In chains like the
decisions. `content_sha256` is of the row as it was then, `words_sha256` of its ciphertext, empty where it had none."""

RELEASES = Table(
    "release",
    STORE,
    Column("digest", String(DIGEST), primary_key=True),
    Column("made", Double, nullable=False),
    Column("base", String(DIGEST)),
    Column("content", LargeBinary, nullable=False),
    Column("overlay", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("author", String(NAME), nullable=False),
    Column("approver", String(NAME)),
    Column("approved", Double),
    Column("state", String(NAME), nullable=False),
    Column("signed_by", String(KEY_ID), nullable=False, server_default=""),
    Column("signature", String(NAME), nullable=False, server_default=""),
)
"""Releases never change but in `state`, `approver`, `approved` and who signed that. `content` is the packed release
file, `overlay` the workbench's TOML that made it from `base`."""

ACTIVATIONS = Table(
    "activation",
    STORE,
    Column("number", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("control", String(DIGEST), nullable=False),
    Column("candidate", String(DIGEST)),
    Column("percent", Integer, nullable=False),
    Column("salt", String(NAME), nullable=False),
    Column("who", String(NAME), nullable=False),
    Column("why", Text, nullable=False),
    Column("signed_by", String(KEY_ID), nullable=False),
    Column("signature", String(NAME), nullable=False),
)
"""Which release answered from when on, newest last; one row is never changed. The last row is in force."""

RELEASE_ENTRIES = Table(
    "release_entry",
    STORE,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("kind", String(NAME), nullable=False),
    Column("about", String(DIGEST), nullable=False),
    Column("content_sha256", String(DIGEST), nullable=False),
    Column("chain_hash", String(DIGEST), nullable=False),
)
"""One row each time a release was kept or approved, or put in force: `kind` is `release` or `activation`, `about` the
digest or the number, `content_sha256` of the row as it was then. One chain for all processes, called `releases`."""

DATA_KEYS = Table(
    "data_key",
    STORE,
    Column("data_key", String(KEY_ID), primary_key=True),
    Column("wrap_key", String(KEY_ID), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)
"""The keys that records are encrypted with, one for each day and worker, wrapped under the ring's `wrap` key."""

CHAINS = Table(
    "chain",
    STORE,
    Column("writer", String(ID), primary_key=True),
    Column("began", Double, nullable=False),
    Column("length", Integer, nullable=False),
    Column("head", String(DIGEST), nullable=False),
    Column("checkpointed", Integer, nullable=False),
)
"""One row for each writer: how many records its chain has, the hash of the last, and how many the last checkpoint
covers."""

ACCESSES = Table(
    "access",
    STORE,
    Column("access_id", String(ID), primary_key=True),
    Column("at", Double, nullable=False),
    Column("who", String(NAME), nullable=False),
    Column("what", String(NAME), nullable=False),
    Column("of", String(NAME), nullable=False),
    Column("writer", String(ID), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("chain_hash", String(DIGEST), nullable=False),
    Index("access_in_chain", "writer", "seq", unique=True),
)
"""One row each time somebody looked at records in clear: `what` is `show`, `export`, `replay`, `simulate`, `feedback`
or `words` (what people typed with it), `of` the decision id or the span. In chains like the decisions."""

CHECKPOINTS = Table(
    "checkpoint",
    STORE,
    Column("number", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("line", Text, nullable=False),
    Column("anchored", Boolean, nullable=False),
)
"""The signed checkpoints as they went to the anchor, and whether it took them."""

LOST = Table(
    "lost",
    STORE,
    Column("decision_id", String(ID), primary_key=True),
    Column("at", Double, nullable=False),
)
"""Decisions that were answered and whose record could be written nowhere."""

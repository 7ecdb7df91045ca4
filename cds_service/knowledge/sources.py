"""Reads the data folders into plain documents, keeps their names and texts, and stamps them with a digest."""

import csv
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cds_service.errors import KnowledgeProblem

NOT_RULES = frozenset({"value_sets", "tables", "terminology", "orderables", "orderables.toml"})
SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")
# The files of changes in a configuration folder: of the site, of a client, of a client's tenant.
OVERLAYS = ("site/*.toml", "tenants/*/*.toml", "tenants/*/*/*.toml")
WORKBENCH_FILE = "workbench/changes.toml"
CARD_FILES = ("problems.toml", "policy.toml", "override_reasons.toml")

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """Every knowledge file as plain JSON values, by its name relative to the checkout (`rules/warfarin-nsaid.toml`).

    `documents` holds TOML and JSON files, `rows` holds CSV files as lists of rows. `texts` are the files as written,
    only there while they are checked: problems then carry line numbers. `problems` are files that could not be read at
    all.
    """

    documents: Mapping[str, Document] = field(default_factory=dict)
    rows: Mapping[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict, compare=False)
    problems: tuple[KnowledgeProblem, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 over the content; layout and comments of a file do not change it."""
        content = {"documents": self.documents, "rows": self.rows}
        return hashlib.sha256(canonical(content)).hexdigest()

    def with_layer(self, changes: str) -> "Sources":
        """The sources with the text of one more file of changes, made after all others (the workbench's).

        A text that is not TOML is a problem of that file.
        """
        try:
            documents = {**self.documents, WORKBENCH_FILE: plain(tomllib.loads(changes))}
        except tomllib.TOMLDecodeError as error:
            return replace(self, problems=(*self.problems, explain_syntax(WORKBENCH_FILE, changes, error)))
        return replace(self, documents=documents, texts={**self.texts, WORKBENCH_FILE: changes})

    def under(self, folder: str) -> Iterator[tuple[str, Document]]:
        """The TOML documents directly inside `folder`, by name."""
        for file in sorted(self.documents):
            if file.startswith(f"{folder}/") and "/" not in file.removeprefix(f"{folder}/"):
                yield file, self.documents[file]

    def rules(self) -> Iterator[tuple[str, Document]]:
        """The rule documents, by name."""
        for file in sorted(self.documents):
            folder, *inner = file.split("/")
            if folder == "rules" and inner[0] not in NOT_RULES:
                yield file, self.documents[file]


def canonical(content: object) -> bytes:
    """JSON with sorted keys and no blanks, UTF-8."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def load_sources(rules_dir: Path, cards_dir: Path, config_dir: Path, models_dir: Path | None = None) -> Sources:
    """Read every knowledge file of the folders. Never raises for content: what is unreadable is a problem."""
    files = {
        **{f"rules/{path.relative_to(rules_dir).as_posix()}": path for path in sorted(rules_dir.rglob("*.toml"))},
        **{f"rules/tables/{path.name}": path for path in sorted(rules_dir.glob("tables/*.csv"))},
        **{f"rules/genomics/{path.name}": path for path in sorted(rules_dir.glob("genomics/*.csv"))},
        **{f"cards/{name}": cards_dir / name for name in CARD_FILES},
        "config/services.toml": config_dir / "services.toml",
        "config/code_map.csv": config_dir / "code_map.csv",
        **{f"config/{path.name}": path for path in sorted(config_dir.glob("formulary.csv"))},
        **name_files(config_dir, ("models.toml", *OVERLAYS)),
        **(find_models(models_dir) if models_dir else {}),
    }
    return read_files(files)


def load_site(folder: Path) -> Sources:
    """What one site adds: its changes, its local codes, its formulary. Never raises for content.

    `folder` is laid out as `config` is, or holds the files of `config/site` itself.
    """
    tables = name_files(folder, ("code_map.csv", "formulary.csv"))
    if (folder / "site").is_dir() or (folder / "tenants").is_dir():
        return read_files({**name_files(folder, OVERLAYS), **tables})
    return read_files({**{f"config/site/{path.name}": path for path in sorted(folder.glob("*.toml"))}, **tables})


def name_files(folder: Path, patterns: tuple[str, ...]) -> dict[str, Path]:
    """The files of a configuration folder that fit, by their name in the checkout."""
    found = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return {f"config/{path.relative_to(folder).as_posix()}": path for path in found}


def read_files(files: Mapping[str, Path]) -> Sources:
    """The sources of these files, by name."""
    documents: dict[str, Document] = {}
    rows: dict[str, tuple[Mapping[str, str], ...]] = {}
    texts: dict[str, str] = {}
    problems: list[KnowledgeProblem] = []
    for file, path in files.items():
        try:
            texts[file] = path.read_text(encoding="utf-8-sig")
            if file.endswith(".csv"):
                rows[file] = read_rows(texts[file])
            elif file.endswith(".json"):
                documents[file] = json.loads(texts[file])
            else:
                documents[file] = plain(tomllib.loads(texts[file]))
        except tomllib.TOMLDecodeError as error:
            problems.append(explain_syntax(file, texts[file], error))
        except json.JSONDecodeError as error:
            problems.append(KnowledgeProblem(file, "", f"this is not JSON: {error.msg}", error.lineno))
        except FileNotFoundError:
            problems.append(KnowledgeProblem(file, "", "this file is missing"))
        except UnicodeDecodeError:
            problems.append(KnowledgeProblem(file, "", "this file is not UTF-8 text; save it as UTF-8"))
    return Sources(documents, rows, texts, tuple(problems))


def find_models(folder: Path) -> dict[str, Path]:
    """The files of every model: what it is, its terms, its calibration if it has one, its golden rows."""
    names = ("bundle.toml", "model.json", "calibration.json", "golden.csv")
    bundles = sorted(folder.glob("*/bundle.toml"))
    found = [path.parent / name for path in bundles for name in (names[::2] if is_remote(path) else names)]
    return {
        f"models/{path.parent.name}/{path.name}": path
        for path in found
        if path.name != "calibration.json" or path.exists()
    }


def is_remote(bundle: Path) -> bool:
    """Whether another server computes the model: it then has no terms here. A file nobody can read is not remote."""
    try:
        return tomllib.loads(bundle.read_text(encoding="utf-8-sig")).get("kind") == "remote"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False


def read_rows(text: str) -> tuple[Mapping[str, str], ...]:
    """The rows of a CSV file with a heading line; lines that start with `#` are remarks.

    Cells come without blanks around them; cells beyond the last column stand together under the empty name.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = csv.DictReader(lines, restkey="", restval="")
    return tuple({name: ",".join(cell) if name == "" else cell.strip() for name, cell in row.items()} for row in rows)


def plain(value: Any) -> Any:
    """TOML values as JSON has them: dates become ISO 8601 texts."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


PLAIN_WORDS = (
    ("Cannot overwrite a value", "this name was already given a value in the same table; keep one of the two"),
    ("Cannot declare", "this [table] heading stands in the file twice; keep one, or write [[...]] for a list"),
    ("Unterminated string", "a text in quotes is not closed; texts over several lines need three quotes"),
    (
        "Illegal character '\\n'",
        "a text in quotes is not closed on its line; texts over several lines need three quotes",
    ),
    ("Expected newline or end of document", "something stands after the value; is a comma, quote or bracket missing?"),
    ("Unclosed array", "a list opened with [ is not closed; is a comma or ] missing?"),
    ("Unclosed inline table", "a { is not closed; is a comma or } missing?"),
    ("Expected '=' after a key", "a name must be followed by = and its value"),
    ("Invalid value", "this value is not a text in quotes, a number, true or false, a list or a table"),
    ("Invalid initial character for a key part", 'a line starts with a name, as in name = "value"'),
    ("Duplicate inline table key", "this name stands twice in the same { }; keep one of the two"),
)


def explain_syntax(file: str, text: str, error: tomllib.TOMLDecodeError) -> KnowledgeProblem:
    """A TOML syntax error in plain words, with its line."""
    message = str(error)
    place = SYNTAX.fullmatch(message)
    words = next((plain_words for sign, plain_words in PLAIN_WORDS if sign in message), f"this is not TOML: {message}")
    if place is None:
        return KnowledgeProblem(file, "", words)
    line = int(place["line"]) if place["line"] else len(text.splitlines())
    return KnowledgeProblem(file, "", words, line)

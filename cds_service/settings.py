"""Settings: defaults, then the profile's file, the site's file, `CDS_*` variables and the command line; later wins."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FilePath, ValidationError, field_validator

from cds_service.errors import BadSettings
from cds_service.folders import DATA_FOLDERS


def split_commas(value: object) -> object:
    """A list may be written `a, b` in an environment variable."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def name_acceptor(value: object) -> object:
    """`CDS_ACCEPT_UNREVIEWED` holds the name alone."""
    return {"by": value} if isinstance(value, str) else value


class Acceptance(BaseModel):
    """Who took responsibility for running rules that no pharmacist has reviewed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str = Field(min_length=1)


class Settings(BaseModel):
    """One process's settings. `workers` None means one per core; `body_limit` is in bytes; `home` holds all it writes.

    An origin of `allowed_origins` may end in `:*` for any port. `public_url` is how clients reach the service: their
    tokens must name it. `database_url` (SQLAlchemy's form) replaces the SQLite file in `home`. `answer_within_ms` is
    how long a call may take when a FHIR server has to be asked, writing the answer included. `ca_bundle` is a file of
    the certificates that are trusted when calling other servers, in place of the public ones.

    `key_ring` is the folder of the keys that protect records, `spool` the one where records wait while the database is
    away: best on another volume. `audit_anchor` is where signed checkpoints go: a file, `syslog` or an https address.
    `unrecorded` says what to do with a decision whose record was lost. Records are kept for `keep_records_days`, for
    good without it. `remember_for` says whom an override keeps a finding quiet for: the user who overrode it, or
    everybody who treats the patient. Who shows `scrape_token` may read from elsewhere how the service is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Literal["dev", "production"] = "dev"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int | None = Field(default=None, ge=1)
    threads: int = Field(default=8, ge=1)
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/\S*)?$")
    timezone: str = "UTC"
    home: Path = Path("var")
    database_url: str | None = Field(default=None, repr=False)
    body_limit: int = Field(default=16_000_000, ge=1)
    allowed_origins: Annotated[tuple[str, ...], BeforeValidator(split_commas)] = ()
    accept_unreviewed: Annotated[Acceptance | None, BeforeValidator(name_acceptor)] = None
    answer_within_ms: int = Field(default=400, ge=150)
    ca_bundle: FilePath | None = None
    key_ring: Path | None = None
    spool: Path | None = None
    audit_anchor: str | None = None
    scrape_token: str | None = Field(default=None, repr=False, min_length=20)
    unrecorded: Literal["answer", "refuse"] = "answer"
    keep_records_days: int | None = Field(default=None, ge=1)
    remember_for: Literal["user", "patient"] = "user"

    @field_validator("timezone")
    @classmethod
    def name_a_timezone(cls, name: str) -> str:
        if name not in available_timezones():
            near = get_close_matches(name, available_timezones(), n=1)
            raise ValueError(f"no time zone is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def base_url(self) -> str:
        """How clients reach the service, without a slash at the end; on this machine if nothing is set."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def key_folder(self) -> Path:
        """Where the service's own signing keys are."""
        return self.home / "keys"

    @property
    def ring_folder(self) -> Path:
        """Where the keys are that protect records."""
        return self.key_ring or self.home / "ring"

    @property
    def spool_folder(self) -> Path:
        return self.spool or self.home / "spool"

    @property
    def is_dev(self) -> bool:
        return self.profile == "dev"

    @property
    def runs_unreviewed(self) -> bool:
        """Whether rules without a reviewer may show cards."""
        return self.is_dev or self.accept_unreviewed is not None


def load_settings(folder: Path, environment: Mapping[str, str], given: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings of the configuration `folder`; `given` are options of the command line, None where not given.

    Raises `BadSettings` naming the file or variable, what is wrong, and the nearest known setting.
    """
    site = read_settings(folder / "settings.toml")
    variables = read_variables(environment)
    options = {name: value for name, value in (given or {}).items() if value is not None}
    profile = options.get("profile") or variables.get("profile") or site.get("profile") or "dev"
    layers = {
        f"profiles/{profile}.toml": read_settings(folder / "profiles" / f"{profile}.toml"),
        "settings.toml": site,
        "environment": variables,
        "command line": {**options, "profile": profile},
    }
    origins = {name: layer for layer, values in layers.items() for name in values}
    merged = {name: value for values in layers.values() for name, value in values.items()}
    try:
        return Settings(**merged)
    except ValidationError as error:
        raise BadSettings("\n".join(explain_mistake(mistake, origins) for mistake in error.errors())) from None


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of one TOML file, empty if there is none."""
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path.name}: not readable as TOML: {error}") from None
    for name in values:
        refuse_unknown(name, f"{path.name}: no setting is called {name!r}", Settings.model_fields)
    return values


def read_variables(environment: Mapping[str, str]) -> dict[str, Any]:
    """Settings given as `CDS_*` variables. The variables that name data folders are no settings."""
    folders = {f"CDS_{name.upper()}" for name in DATA_FOLDERS}
    known = {f"CDS_{name.upper()}": name for name in Settings.model_fields}
    values = {}
    for variable, value in environment.items():
        if not variable.startswith("CDS_") or variable in folders:
            continue
        refuse_unknown(variable, f"environment: no setting is called {variable}", {**known, **dict.fromkeys(folders)})
        values[known[variable]] = value
    return values


def refuse_unknown(name: str, message: str, known: Mapping[str, Any]) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    raise BadSettings(message + (f"; did you mean {near[0]}?" if near else ""))


def explain_mistake(mistake: Any, origins: Mapping[str, str]) -> str:
    """One sentence for one validation error of pydantic."""
    name = ".".join(str(part) for part in mistake["loc"])
    setting = str(mistake["loc"][0])
    secret = setting in Settings.model_fields and not Settings.model_fields[setting].repr
    found = "a value that is kept secret" if secret else repr(mistake["input"])
    return f"{origins.get(setting, 'settings')}: {name}: found {found}: {mistake['msg']}"


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_apart(folder: Path | None, home: Path) -> bool:
    """Whether a folder was named that is not inside `home`."""
    return folder is not None and not folder.resolve().is_relative_to(home.resolve())


def refuse_exposure(settings: Settings, trusts_clients: bool) -> None:
    """Raise `BadSettings` when the service would be reachable from elsewhere without knowing who calls (DESIGN 7)."""
    if settings.is_dev and not is_loopback(settings.host):
        raise BadSettings(
            f"host: found {settings.host!r}: the dev profile serves this machine only; use 127.0.0.1, ::1 or localhost"
        )
    if settings.is_dev:
        return
    if not trusts_clients and not is_loopback(settings.host):
        raise BadSettings(
            f"host: found {settings.host!r}, but clients.toml trusts no client, so nobody could be told from anybody;"
            " add one with `cds clients add`, or serve loopback only (127.0.0.1)"
        )
    if not is_loopback(settings.host) and not is_apart(settings.key_ring, settings.home):
        raise BadSettings(
            f"key_ring: found {str(settings.key_ring or '')!r}, expected a folder outside home ({settings.home}): who"
            " copies the records must not get their keys with them; `cds keys ring` makes them"
        )
    if trusts_clients and not settings.base_url.startswith("https://"):
        raise BadSettings(
            f"public_url: found {settings.public_url!r}, expected the https address under which clients reach this"
            " service: their tokens must name it"
        )

"""`python -m bench.tokens`: what the token of a call costs, for each algorithm, in this process.

Verified and decoded only; then with replay and rate kept in SQLite, as a worker does it.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from rich.console import Console
from rich.table import Table

from cds_service.trust.callers import Presented
from cds_service.trust.client import Client
from cds_service.trust.client_token import verify_token
from cds_service.trust.database import open_database
from cds_service.trust.gate import Gate
from cds_service.trust.key_sources import open_key_sources
from cds_service.trust.ledger import Ledger

CALLS = 400
BASE, PATH = "https://cds.example.org", "/cds-services/medication-order-sign"
KEYS: dict[str, Callable[[], ECKey | RSAKey]] = {
    "ES384": lambda: ECKey.generate_key("P-384"),
    "RS384 2048": lambda: RSAKey.generate_key(2048),
    "RS384 3072": lambda: RSAKey.generate_key(3072),
    "ES256": lambda: ECKey.generate_key("P-256"),
}
IDS = count()


def measure(name: str, folder: Path) -> tuple[float, float]:
    """Median CPU microseconds of one token: checked alone, and through the whole gate."""
    algorithm, key = name.split()[0], KEYS[name]()
    registry = jws.JWSRegistry(algorithms=[algorithm])
    jwk = {**key.as_dict(private=False), "kid": "bench", "alg": algorithm}
    entry = {"name": "bench", "issuers": ["https://ehr.example.org"], "keys": [jwk], "algorithms": [algorithm]}
    client = Client.model_validate({**entry, "burst": 10 * CALLS})
    clients = {client.issuers[0]: client}
    sources = open_key_sources([client], lambda url: b"", time.monotonic)
    database = open_database(None, folder / name.replace(" ", "-"))
    gate = Gate(BASE, clients, sources, Ledger(database, lambda event, about: None))
    now = time.time()

    def token() -> str:
        claims = {"iss": client.issuers[0], "aud": BASE + PATH, "exp": now + 300, "iat": now, "jti": f"{next(IDS)}"}
        header = {"alg": algorithm, "typ": "JWT", "kid": "bench"}
        return f"Bearer {jws.serialize_compact(header, json.dumps(claims), key, registry=registry)}"

    tokens = [token() for _ in range(2 * CALLS)]
    alone = [timed(verify_token, text, [BASE + PATH], now, clients, sources) for text in tokens]
    whole = [timed(gate.admit, Presented(text, PATH, lambda: b""), now) for text in tokens]
    database.dispose()
    return statistics.median(alone[CALLS:]), statistics.median(whole[CALLS:])


def timed(step: Callable[..., object], *arguments: object) -> float:
    started = time.process_time_ns()
    step(*arguments)
    return (time.process_time_ns() - started) / 1000


def main() -> None:
    table = Table("algorithm", "check, CPU µs", "check, replay and rate, CPU µs")
    with tempfile.TemporaryDirectory() as folder:
        for name in KEYS:
            alone, whole = measure(name, Path(folder))
            table.add_row(name, f"{alone:.0f}", f"{whole:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()

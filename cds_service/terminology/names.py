"""Names made comparable: what exact-name resolution and typed search agree to call the same text."""

import hashlib
import re
import unicodedata

_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_TOKEN = re.compile(r"[0-9]*\.[0-9]+|[0-9]+|[^\W\d_]+|\d|%")


def words(text: str) -> tuple[str, ...]:
    """The words of a name: runs of letters, numbers and `%`, case folded, in the order written.

    A number and the unit written against it are two words (`500mg` is `500 mg`); numbers lose thousands commas and
    zeros without meaning (`1,000` is `1000`, `.50` is `0.5`). Salts and strengths stay.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return tuple(_plain_number(token) for token in _TOKEN.findall(_THOUSANDS.sub("", folded)))


def normalise(text: str) -> str:
    """The form two names must share to be the same name: their words joined by single blanks."""
    return " ".join(words(text))


def name_key(normalised: str) -> int:
    """A 64-bit key of a normalised name, so that the index need not hold every name twice."""
    return int.from_bytes(hashlib.blake2b(normalised.encode(), digest_size=8).digest(), "big", signed=True)


def _plain_number(token: str) -> str:
    if not token[-1].isascii() or not token[-1].isdigit():
        return token
    whole, point, decimals = token.partition(".")
    decimals = decimals.rstrip("0")
    return (whole.lstrip("0") or "0") + (point + decimals if decimals else "")

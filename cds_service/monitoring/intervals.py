"""How sure a share is."""

from math import sqrt

Z = 1.959963984540054
"""The two-sided 95 % point of the standard normal distribution."""


def wilson(events: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score (J Am Stat Assoc 1927;22:209). Without trials it is 0 to 1."""
    if of == 0:
        return 0.0, 1.0
    share = events / of
    middle = share + Z * Z / (2 * of)
    half = Z * sqrt((share * (1 - share) + Z * Z / (4 * of)) / of)
    whole = 1 + Z * Z / of
    low = 0.0 if events == 0 else (middle - half) / whole
    high = 1.0 if events == of else (middle + half) / whole
    return low, high

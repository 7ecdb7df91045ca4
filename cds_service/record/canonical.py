"""The one byte form of a decision: equal decisions give equal bytes on any machine."""

from cds_service.record.decision import DecisionRecord
from cds_service.record.stored import ENCODER, stored_record


def canonical_bytes(record: DecisionRecord) -> bytes:
    """JSON without blanks, maps and sets sorted, Decimals as the text received, times in RFC 3339.

    Members stand in the order in which their classes name them; drafts are the bytes received, blanks and all. Nothing
    is added: the only clock in it is the decision's own `now`.
    """
    return ENCODER.encode(stored_record(record))

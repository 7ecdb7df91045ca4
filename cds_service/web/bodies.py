"""The JSON body of a call, as its client may have packed it."""

import zlib

from flask import current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.errors import BadRequest
from cds_service.web.problems import NotJson, NotUnpacked

GZIP = 16 + zlib.MAX_WBITS


def read_json_body() -> bytes:
    """The body of the current request. Raises `NotJson`, `NotUnpacked`, `BadRequest`, or 413 for more than the limit.

    A browser may send other media types across origins without asking first, so only JSON is read.
    """
    if request.mimetype != "application/json":
        raise NotJson
    most = current_app.config["MAX_CONTENT_LENGTH"]
    body = request.get_data(cache=False)
    if request.content_length is None and len(body) >= most:
        raise RequestEntityTooLarge  # a body in chunks is cut off there without a word
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        return unpack(body, most)
    if encoding not in ("identity", ""):
        raise NotUnpacked
    return body


def unpack(packed: bytes, most: int) -> bytes:
    """What one gzip stream holds, never unpacking much beyond `most` bytes."""
    stream = zlib.decompressobj(GZIP)
    try:
        body = stream.decompress(packed, most + 1)
    except zlib.error:
        raise BadRequest("body", "bytes that are not gzip", "what Content-Encoding says") from None
    if len(body) > most:
        raise RequestEntityTooLarge
    if not stream.eof or stream.unused_data:
        raise BadRequest("body", "gzip that is cut off or goes on", "one whole gzip stream")
    return body

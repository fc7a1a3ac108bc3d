"""Signatures: with one secret a delivery is signed twice, as clients of today and others check it.

``X-Reevit-Signature`` covers the body with the newest secret, as it is written; the three headers
of Standard Webhooks cover id, moment and body, with every secret that signs at that moment.
"""

import base64
import hmac
from binascii import b2a_base64
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

_PREFIX: Final = "whsec_"


def signatures(
    body: bytes, secrets: Sequence[str], *, message_id: str, now: datetime
) -> dict[str, str]:
    """The headers that prove who sent a body; ``secrets``: the newest first."""
    moment = str(int(now.timestamp()))
    signed = b"%s.%s.%s" % (message_id.encode(), moment.encode(), body)
    return {
        "X-Reevit-Signature": reevit_signature(body, secrets[0]),
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(_standard_signature(signed, each) for each in secrets),
    }


def reevit_signature(body: bytes, secret: str) -> str:
    """The secret is the key as it is written, prefix included."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def _standard_signature(signed: bytes, secret: str) -> str:
    mac = hmac.digest(_standard_key(secret), signed, "sha256")
    return "v1," + b2a_base64(mac, newline=False).decode()


# To decode it takes as long as to sign with it.
@lru_cache(maxsize=1024)
def _standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX))

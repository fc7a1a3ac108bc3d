"""Failures of sending: what usually causes each, in a sentence for whoever runs the receiver."""

import errno
import os
import ssl
from typing import Final

import aiohttp

CONNECTING_SECONDS: Final = 10
# Among the reasons of several addresses of one name this one is found by what it says.
LEADS_INSIDE: Final = "it leads inside, to"

_CUT_OFF: Final = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})


def is_connected(error: Exception) -> bool:
    """Whether there was somebody, who did not answer."""
    return not isinstance(
        error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, ValueError)
    )


def is_cut_off(error: Exception) -> bool:
    """Whether the line was dropped before an answer: it may have been closed for a while."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return (
        isinstance(error, aiohttp.ServerDisconnectedError)
        or getattr(error, "errno", None) in _CUT_OFF
    )


def reason_of(error: Exception, seconds: float) -> str:
    """``seconds``: how long an answer was waited for."""
    match error:
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return _no_connection(error)
        case ssl.SSLError():
            return "TLS failed: an outdated version, or no TLS is spoken at this port"
        case TimeoutError():
            return f"no answer within {seconds:g} seconds: answer first, and do the work afterwards"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            return "the connection was closed before an answer came"
        case aiohttp.InvalidURL() | UnicodeError():  # a part of a name that is too long, say
            return "the address cannot be read"
    return "the answer cannot be read: no HTTP is spoken there"


def _no_connection(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"the name {error.host} is not known: a typing error, or its DNS does not answer"
        case aiohttp.ClientConnectorCertificateError():
            said = getattr(error.certificate_error, "verify_message", "") or "it is not accepted"
            return (
                f"the TLS certificate of {error.host} cannot be trusted ({said}): it has expired, "
                "is for another name, or its intermediate certificate is not sent along"
            )
        case aiohttp.ClientConnectorSSLError():
            return "TLS failed: an outdated version, or no TLS is spoken at this port"
        case aiohttp.ClientConnectorError() if LEADS_INSIDE in str(error.os_error):
            return f"{error.host} is not a public address: {error.os_error.strerror}"
        case aiohttp.ClientConnectorError():
            return f"no connection: {_said(error.os_error)}"
    return f"no connection within {CONNECTING_SECONDS} seconds: a firewall, or it is down"


def _said(error: OSError) -> str:
    """In the words of the system, which are about the line and not about a call of ours."""
    return os.strerror(error.errno) if error.errno else "nobody answers there"

"""Same origin: a form is taken from our own pages alone, for a browser sends any page's.

The cookie of a session is not sent along with what other sites ask for; this holds also where they
share our domain, and where nobody is signed in yet.
"""

from urllib.parse import urlsplit

from api.http.errors import Forbidden
from api.http.request import ApiRequest


class SentFromElsewhere(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "sent_from_elsewhere",
            "this was not sent by a page of the console: nothing was done. Open the page here and "
            "send it again; behind a proxy WHENCE_PUBLIC_URL says what people's address of it is",
        )


def must_be_our_own(request: ApiRequest) -> None:
    """Raises SentFromElsewhere unless one of our own pages has sent it.

    Browsers say so in Sec-Fetch-Site where the connection is safe, elsewhere, and older ones, they
    name the page's Origin.
    """
    site = request.request_state.header(b"sec-fetch-site")
    if site is not None:
        is_ours = site == "same-origin"
    else:
        is_ours = _host_of(request.request_state.header(b"origin")) in _our_hosts(request)
    if not is_ours:
        raise SentFromElsewhere


def _our_hosts(request: ApiRequest) -> set[str]:
    """As whoever asks calls us, and as people are told to."""
    asked = (request.request_state.header(b"host") or "").lower()
    return {asked, _host_of(request.dependencies.public_url)} - {""}


def _host_of(address: str | None) -> str:
    try:
        return urlsplit(address or "").netloc.lower()
    except ValueError:
        return ""

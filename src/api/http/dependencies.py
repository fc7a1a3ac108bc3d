"""Dependencies of the API: handler, views, directory and clock, and its settings."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from api.http.sign_in_limits import SignInLimits
from api.http.system_parts import SystemParts
from commands.directory import Directory
from commands.handling.handler import CommandHandler
from commands.link_views import LinkViews
from commands.viewers import Viewers
from delivery.addresses import Network
from delivery.feed import Feed
from delivery.receipts.reading import Receipts
from delivery.streams import Streams
from delivery.subjects import Subjects
from ledger.ledger import Ledger
from projections.engine.live.reader import Views
from projections.engine.time_travel.reader import PastReader
from projections.engine.turns import Turns

# Each may leave a file of all its rows waiting for whoever reads it.
_MOST_EXPORTS_OF_ONE = 8
# Each waits for half a minute where nobody answers.
_MOST_TEST_MESSAGES_OF_ONE = 4


def _exports() -> Turns:
    most = _MOST_EXPORTS_OF_ONE
    return Turns(at_once=sys.maxsize, of_one=most, most_of_one=most)


def _test_messages() -> Turns:
    most = _MOST_TEST_MESSAGES_OF_ONE
    return Turns(at_once=sys.maxsize, of_one=most, most_of_one=most)


class RequestMetrics(Protocol):
    """Somebody who counts answers; ``route`` is the template of the path."""

    def observe(self, route: str, method: str, status: int, seconds: float) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """Everything the API needs from the rooms below, and its settings as plain values.

    ``rate_limit_…`` are rules of the library ``limits`` or ``off``. ``store`` names the ledger
    in the header ``Whence-Store``. ``log`` is a structlog logger. ``public_url`` is where people
    reach the service, without a slash at its end; "" is the address that was connected to.
    ``delivery_networks`` may be told things although they are not public.
    """

    handler: CommandHandler
    directory: Directory
    ledger: Ledger
    views: Views
    past: PastReader
    link_views: LinkViews
    feed: Feed
    streams: Streams
    system: SystemParts
    exports: Turns = field(default_factory=_exports)
    test_messages: Turns = field(default_factory=_test_messages)
    sign_ins: SignInLimits = field(default_factory=SignInLimits)
    version: str
    log: Any
    metrics: RequestMetrics | None = None
    request_id: Callable[[], str] | None = None
    store: str | None = None
    rate_limit_per_key: str = "6000/minute"
    rate_limit_public: str = "300/minute"
    require_idempotency_key: bool = False
    cors_origins: tuple[str, ...] = ()
    query_wait_seconds: float = 2.0
    public_url: str = ""
    allow_insecure_webhooks: bool = False
    delivery_networks: tuple[Network, ...] = ()

    @cached_property
    def viewers(self) -> Viewers:
        """Who looks at the console."""
        return Viewers(self.handler)

    @cached_property
    def subjects(self) -> Subjects:
        """What facts were about: remembers what it has seen."""
        return self.feed.subjects

    @cached_property
    def receipts(self) -> Receipts:
        return Receipts(self.ledger)

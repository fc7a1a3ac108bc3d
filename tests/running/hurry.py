"""Hurry: processes of the tests give each other less time to notice what became of their views.

Nobody is far away here, and nobody who waits has much to do meanwhile. Where it matters how much
time it is, a test says so itself.
"""

from delivery.webhooks.endpoint_cursor import EndpointCursor
from delivery.webhooks.retries import Retries
from ledger.processes import Presence
from projections.engine.generations.generations import Generations

Generations.noticed_seconds = 0.1
Generations.last_read_seconds = 0.2
Generations.heartbeat_seconds = 0.25

Retries.behind_every_seconds = 0.1
Retries.anyway_every_seconds = 0.2
EndpointCursor.idle_seconds = 0.2

Presence.every_seconds = 0.5
Presence.silent_after_seconds = 2.0

"""Hurry: processes of the tests give each other less time to notice what became of their views.

Nobody is far away here. Where it matters how much time it is, a test says so itself.
"""

from projections.engine.generations.generations import Generations

Generations.noticed_seconds = 0.1
Generations.last_read_seconds = 0.2
Generations.heartbeat_seconds = 0.25

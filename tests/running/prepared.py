"""What a forked command finds done: all is imported, and the views have said what they are.

No test changes any of it; each process sets itself up.
"""

import gc
from importlib import import_module

from projections.read_models import DEFINITIONS

for name in (
    "anyio._backends._asyncio",
    "encodings.idna",
    "forked",
    "hurry",
    "ledger.migrations.running",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "whence.application",
    "whence.cli.database",
    "whence.cli.demo",
    "whence.cli.facts",
    "whence.cli.generations",
    "whence.cli.keys",
    "whence.cli.organizations",
    "whence.cli.service",
    "whence.cli.views",
    "whence.serve",
):
    import_module(name)
DEFINITIONS.digest()
# Whoever collects garbage would otherwise write to every page that is shared.
gc.freeze()

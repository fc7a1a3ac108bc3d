"""Whence as it might be one release later: with a view more. Run like the command line.

While the file named by NEXT_RELEASE_HELD_BY exists, its folding stands still in test books.
"""

import os
import time
from pathlib import Path

from sqlalchemy import BigInteger

from domain.payment import Payment
from projections import read_models as folds
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.tables import VIEWS, key, total, view

payments_by_amount = view("payments_by_amount", key("amount", BigInteger), total("payments"))


def fold(recorded: Recorded[Payment.Created], changes: Changes) -> None:
    held = Path(os.environ.get("NEXT_RELEASE_HELD_BY", "/nowhere"))
    while recorded.book.endswith("/test") and held.exists():
        time.sleep(0.02)
    changes.merge(payments_by_amount, (recorded.fact.amount,), payments=1)


folds.DEFINITIONS = Definitions(VIEWS, (*folds.FOLDS, fold), folds.DERIVED)

if __name__ == "__main__":
    from whence.cli import main

    main()

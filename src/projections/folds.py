"""The read models there are.

A fold maps one recorded fact to row changes and does nothing else: it reads no table, no clock,
no network. Each view module has one; they are listed here, with the derived tables, in the order
in which they are computed.
"""

from projections.definitions import Definitions, Fold
from projections.derived import Derived
from projections.rows import VIEWS

FOLDS: tuple[Fold, ...] = ()
DERIVED: tuple[Derived, ...] = ()

DEFINITIONS = Definitions(metadata=VIEWS, folds=FOLDS, derived=DERIVED)

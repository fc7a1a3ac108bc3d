"""Errors that keep the ledger from answering."""


class LedgerUnavailable(Exception):  # noqa: N818 (it names a state of the world)
    """The store could not be reached, or not in time.

    Whether the append was recorded is unknown. With an idempotency key it may be sent again:
    what had been recorded is then recognised.
    """


class StoreReplaced(LedgerUnavailable):
    """The files of the database are not those that were opened.

    What was appended is in the files that were, if anywhere. It lasts until those are back, or the
    process is started anew.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} was taken away or replaced while it was open")


class StoreFull(LedgerUnavailable):
    """The disk of the store is full: nothing was recorded, and nothing is until it has room."""

    def __init__(self) -> None:
        super().__init__("the disk of the ledger is full")


class LedgerClosed(LedgerUnavailable):
    """The ledger was closed before the append was sent: nothing was recorded."""


class LedgerBusy(LedgerUnavailable):
    """So many wait already that another would wait too long: nothing was recorded."""


class WrongSchema(LedgerUnavailable):
    """The tables in the database are not those of this release; the message says what to do."""


class NoStore(WrongSchema):
    """Nobody has made a store there yet; whoever only reads makes none."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"there is no store in {place}: `whence serve` makes one, and so does "
            "`whence db upgrade`"
        )

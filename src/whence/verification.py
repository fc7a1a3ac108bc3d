"""Verification of a whole store: the database, the facts, what they claim, and the views."""

from collections.abc import Callable
from dataclasses import dataclass

from commands.derived_claims import WrongClaim, first_wrong_claim
from ledger.chain import BrokenChain
from ledger.facts import FactMapper
from ledger.integrity import Integrity, check_integrity
from ledger.ledger import Ledger
from ledger.reply_check import WrongReply, first_wrong_reply
from ledger.schema import SCHEMA
from projections.engine.generations.generations import Generations
from projections.engine.rebuilding.verify import Report
from projections.engine.rebuilding.verify import verify as verify_views
from projections.read_models import DEFINITIONS


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What was found: by the database in its own files, beside the books, and in the views."""

    integrity: Integrity
    claims: tuple[WrongClaim, ...]
    replies: tuple[WrongReply, ...]
    views: Report

    @property
    def is_sound(self) -> bool:
        wrong = self.integrity.faults or self.claims or self.replies
        return not wrong and self.views.is_sound


def verify_store(
    ledger: Ledger,
    generations: Generations,
    *,
    number: int | None = None,
    processes: int = 1,
    count: Callable[[int], None] = lambda _: None,
    found: Callable[[str], None] = lambda _: None,
) -> StoreReport:
    """Verify all there is, and the generation of this number or the one that serves.

    `found` is told what is wrong with the ledger when it is found, which is long before the end.
    Raises ViewsRebuilding when none serves; the others as `verify_views` does.
    """
    verified = generations.serving(DEFINITIONS) if number is None else None
    integrity = check_integrity(ledger.engine, [SCHEMA])
    for fault in integrity.faults:
        found(f"the database says: {fault}")
    # Of those that were deleted nothing may be held or kept.
    books = sorted({*ledger.heads(), *ledger.deleted()})
    claims = tuple(filter(None, (first_wrong_claim(ledger, book) for book in books)))
    replies = tuple(filter(None, (first_wrong_reply(ledger.engine, book) for book in books)))
    for each in (*claims, *replies):
        found(str(each))
    views = verify_views(
        ledger,
        generations,
        FactMapper(),
        DEFINITIONS,
        number=verified.number if verified else number,
        processes=processes,
        count=count,
        broken=lambda chain: found(said(chain)),
    )
    return StoreReport(integrity, claims, replies, views)


def said(chain: BrokenChain) -> str:
    return f"{chain.book}: position {chain.position} {chain.reason}"

"""Demo import: the made-up year gets into a test book, each fact recorded when it happened.

What is due enters the due index last: a billing worker beside it would bill, in the middle of the
story, what the next batch bills.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice

from commands.customers import names
from commands.derived_claims import reference_in
from commands.handling.due_index import DUE
from commands.handling.unit_of_work import UnitOfWork
from domain.customer import Customer
from domain.fact import Entity, Fact
from ledger.append import Append, Claim, Done, NewFact
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from whence.demo.acts import Act, Asked, Looked
from whence.demo.commands import Commands

_AT_ONCE = 500
_CONTEXT = '{"actor":"demo"}'


class Fill:
    """Appends acts to a book, in order; ``progress`` is told how many acts were done."""

    def __init__(
        self, ledger: Ledger, book: str, *, seed: int, progress: Callable[[int], None]
    ) -> None:
        self._ledger = ledger
        self._book = book
        self._progress = progress
        self._mapper = FactMapper()
        self._entities: dict[str, Entity] = {}
        self._commands = Commands(book, self._entities, seed=seed, keep=self._keep)
        self._waiting: list[Append] = []
        self._due: dict[str, Claim] = {}

    async def run(self, acts: list[Act | Asked | Looked], *, until: datetime) -> None:
        """Does them, and bills what is due between them and until the end.

        Raises RuntimeError when the ledger refuses an act: the book was not empty.
        """
        remaining = iter(acts)
        while batch := list(islice(remaining, _AT_ONCE)):
            for act in batch:
                await self._commands.bill_until(act.at)
                if isinstance(act, Asked):
                    await self._commands.perform(act.at, act.decide)
                elif isinstance(act, Looked):
                    self._waiting.append(self._looked(act))
                else:
                    self._waiting.extend(self._done(act))
            self._write()
            self._progress(len(batch))
        await self._commands.bill_until(until)
        self._waiting += [Append(self._book, claims=(due,)) for due in self._due.values()]
        self._write()

    def _write(self) -> None:
        for outcome in self._ledger.append_many(self._waiting):
            if not isinstance(outcome, Done):
                raise RuntimeError(f"{self._book} is not as it was expected: {outcome}")  # noqa: TRY004 (no matter of types)
        self._waiting.clear()

    def _keep(self, work: UnitOfWork) -> None:
        """What the handler of commands would append."""
        if not work.facts:
            return
        claims = [claimed.claim for claimed in work.claims.values()]
        for released in work.releases:
            if released.kind == DUE:
                self._due.pop(released.stream, None)
        self._due |= {claim.stream: claim for claim in claims if claim.kind == DUE}
        self._waiting.append(
            Append(
                book=self._book,
                facts=tuple(self._mapper.encode(fact) for fact in work.facts),
                expected=work.expected,
                claims=tuple(claim for claim in claims if claim.kind != DUE),
                releases=tuple(each for each in work.releases if each.kind != DUE),
                context=_CONTEXT,
                recorded_at=work.now,
            )
        )

    def _looked(self, act: Looked) -> Append:
        facts = (self._mapper.encode(act.told()),)
        return Append(self._book, facts=facts, context=_CONTEXT, recorded_at=act.at)

    def _done(self, act: Act) -> Iterator[Append]:
        before = self._entities.get(act.entity_id)
        version = before.version if before else 0
        entity = act.do(before)
        self._entities[act.entity_id] = entity
        facts = [fact for fact in entity.collect_events() if isinstance(fact, Fact)]
        if facts:
            new = tuple(self._mapper.encode(fact) for fact in facts)
            yield Append(
                book=self._book,
                facts=new,
                expected={entity.id: version},
                claims=(*_names(entity), *_references(new)),
                context=_CONTEXT,
                recorded_at=act.at,
            )


def _names(entity: Entity) -> tuple[Claim, ...]:
    if not isinstance(entity, Customer):
        return ()
    return tuple(Claim(kind, value, entity.id) for kind, value in sorted(names(entity)))


def _references(facts: Iterable[NewFact]) -> Iterator[Claim]:
    for fact in facts:
        claim = reference_in(fact.stream, fact.topic, fact.data)
        if claim is not None:
            yield claim

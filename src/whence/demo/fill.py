"""How the made-up year gets into a test book: through the ledger's own door, fact by fact."""

from collections.abc import Callable, Iterator
from itertools import islice

from commands.customers import names
from domain.customer import Customer
from domain.fact import Entity, Fact
from ledger.append import Append, Claim, Done
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from whence.demo.year import Act

_AT_ONCE = 500
_CONTEXT = '{"actor":"demo"}'


class Fill:
    """Appends acts to a book, in order; ``progress`` is told how many acts were done."""

    def __init__(self, ledger: Ledger, book: str, *, progress: Callable[[int], None]) -> None:
        self._ledger = ledger
        self._book = book
        self._progress = progress
        self._mapper = FactMapper()
        self._entities: dict[str, Entity] = {}

    def run(self, acts: list[Act]) -> None:
        """Raises RuntimeError when the ledger refuses an act: the book was not empty."""
        remaining = iter(acts)
        while batch := list(islice(remaining, _AT_ONCE)):
            appends = [append for act in batch for append in self._done(act)]
            for outcome in self._ledger.append_many(appends):
                if not isinstance(outcome, Done):
                    raise RuntimeError(f"{self._book} is not as it was expected: {outcome}")  # noqa: TRY004 (no matter of types)
            self._progress(len(batch))

    def _done(self, act: Act) -> Iterator[Append]:
        before = self._entities.get(act.entity_id)
        version = before.version if before else 0
        entity = act.do(before)
        self._entities[act.entity_id] = entity
        facts = [fact for fact in entity.collect_events() if isinstance(fact, Fact)]
        if facts:
            yield Append(
                book=self._book,
                facts=tuple(self._mapper.encode(fact) for fact in facts),
                expected={entity.id: version},
                claims=_claims(entity),
                context=_CONTEXT,
            )


def _claims(entity: Entity) -> tuple[Claim, ...]:
    if not isinstance(entity, Customer):
        return ()
    return tuple(Claim(kind, value, entity.id) for kind, value in sorted(names(entity)))

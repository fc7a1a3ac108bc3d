"""Looking: what there is to see of a store by whoever has these rights over it, as it is now."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from api.http.parsing import LARGEST_BODY_BYTES
from api.http.request import ApiRequest
from api.resources.system import (
    ServingViews,
    SetAsideFact,
    System,
    SystemBook,
    SystemSizes,
    duties_of,
    generation_of,
    limits_of,
    process_of,
    progress_of,
)
from api.resources.system_runs import THE_STORE, run_of
from api.system.rights import Rights
from commands.console_sessions import MOST_OF_ONE
from commands.principals import Principal
from domain.api_key import MOST_KEYS_IN_USE
from domain.book import MODES, Book
from ledger.facts import StoredFact
from ledger.processes import processes_of
from ledger.sizes import file_bytes, ledger_bytes, schema_bytes
from projections.engine.folding.checkpoints import Checkpoint
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.rebuilding.runs import Kind, Run
from projections.read_models import DEFINITIONS

_RUNS_TOLD = 20


def books_of(caller: Principal) -> list[str]:
    """The one that is looked at, and the other one of a person, who opens both."""
    others = [str(Book(caller.org_id, mode)) for mode in MODES] if caller.user else []
    return [caller.book, *(each for each in others if each != caller.book)]


class Reached(NamedTuple):
    """How far books are folded, and which of all are parked, as far as that may be told."""

    checkpoints: Mapping[str, Checkpoint]
    parked_books: list[str] | None


class Look:
    """One look, which blocks: it asks the ledger."""

    def __init__(self, request: ApiRequest, rights: Rights, reached: Reached) -> None:
        self._request = request
        self._rights = rights
        self._reached = reached
        self._parts = request.dependencies
        self._ledger = request.dependencies.ledger
        self._system = request.dependencies.system

    def all(self) -> dict[str, Any]:
        whole, views = self._views()
        sizes = self._sizes(whole)
        runs = self._system.runs.latest()
        processes = processes_of(self._ledger.engine)
        told_of = processes if self._rights.sees_service else None
        return System.of(
            self._rights,
            version=self._parts.version,
            database=self._ledger.engine.dialect.name,
            may_operate=self._rights.operates,
            books=[
                self._book(each, self._reached.checkpoints.get(each, Checkpoint()))
                for each in books_of(self._request.caller)
            ],
            parked_books=self._reached.parked_books,
            views=views,
            generations=[
                generation_of(each, DEFINITIONS.digest(), sizes)
                for each in self._system.generations.list()
            ],
            running=next((self._run(run) for run in runs if run.is_under_way), None),
            last_rebuild=self._last("rebuild", runs),
            last_verification=self._last("verify", runs),
            runs=[self._run(run) for run in runs[:_RUNS_TOLD]],
            duties=duties_of(
                self._system.duties(), processes, is_billed_late=self._system.is_billed_late()
            ),
            processes=told_of and [process_of(each) for each in told_of],
            limits=limits_of(
                dict(self._system.limits)
                | {
                    "body_bytes": LARGEST_BODY_BYTES,
                    "query_wait_seconds": self._parts.query_wait_seconds,
                    "api_keys_in_use": MOST_KEYS_IN_USE,
                    "sessions_of_one": MOST_OF_ONE,
                }
            ),
            sizes=self._told_sizes(sizes),
        )

    def _views(self) -> tuple[list[Generation], dict[str, Any]]:
        """The sets of views of this release, the one that serves first, and what it is like."""
        try:
            whole = list(self._system.generations.whole_ones(DEFINITIONS))
        except ViewsRebuilding as nothing:
            building = nothing.building
            progress = None if building is None else progress_of(building)
            told = {"state": "rebuilding", "generation": None, "progress": progress}
            return [], ServingViews.of(None, **told)
        told = {"state": "serving", "generation": whole[0].number, "progress": None}
        return whole, ServingViews.of(None, **told)

    def _book(self, book: str, reached: Checkpoint) -> dict[str, Any]:
        head, sees = self._ledger.head(book), self._rights.sees_positions
        last = self._fact_at(book, head)
        return SystemBook.of(
            None,
            book=book,
            facts=head if sees else None,
            position=reached.position if sees else None,
            behind=max(0, head - reached.position),
            recorded_at=last and last.recorded_at,
            parked=self._parked(book, reached),
        )

    def _parked(self, book: str, reached: Checkpoint) -> dict[str, Any] | None:
        fact = self._fact_at(book, reached.parked_position or 0)
        if fact is None:
            return None
        sees = self._rights.sees_positions
        return SetAsideFact.of(
            fact,
            position=fact.position if sees else None,
            subject_id=fact.stream if sees else None,
            error=reached.parked_error if sees else None,
        )

    def _fact_at(self, book: str, position: int) -> StoredFact | None:
        found = self._ledger.read(book, after=position - 1, limit=1) if position else []
        return found[0] if found else None

    def _last(self, kind: Kind, runs: list[Run]) -> dict[str, Any] | None:
        over = (run for run in runs if run.kind == kind and run.state in {"done", "failed"})
        return next((self._run(run) for run in over), None)

    def _run(self, run: Run) -> dict[str, Any]:
        now = self._parts.handler.clock()
        told = set(books_of(self._request.caller)) if self._rights.sees_positions else set()
        told |= {THE_STORE} if self._rights.sees_store_faults else set()
        sees = self._rights.sees_figures
        return run_of(run, self._request.org_id, now, sees_figures=sees, told_books=told)

    def _sizes(self, whole: list[Generation]) -> dict[int, int | None]:
        if not self._rights.sees_figures:
            return {}
        return {each.number: _bytes_of(each) for each in whole}

    def _told_sizes(self, sizes: dict[int, int | None]) -> dict[str, Any]:
        known = [each for each in sizes.values() if each is not None]
        ledger = ledger_bytes(self._ledger.engine) if self._rights.sees_figures else None
        return SystemSizes.of(None, ledger=ledger, views=sum(known) if known else None)


def _bytes_of(generation: Generation) -> int | None:
    if generation.path is not None:
        return file_bytes(generation.path)
    return schema_bytes(generation.engine, generation.schema or "")

"""Executions of workflows: what followed from what, and what came of it."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from api.http.errors import insufficient_scope
from api.http.pagination import PageRequest, UpTo200, list_answer
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, needs, new_router
from api.resources.event_data import data_of
from api.resources.export_files import DESCRIBED, ExportFile
from api.resources.workflow_executions import (
    ActionResults,
    Execution,
    Executions,
    ExecutionsExport,
    action_result_of,
    execution_of,
)
from commands.fields import Text
from delivery.envelopes import position_of
from delivery.subjects import Occurrence
from delivery.workflows import executions
from delivery.workflows.doing import execution_named
from delivery.workflows.past import NOW, Past
from delivery.workflows.payloads import payload_of
from domain.customer import Customer
from domain.errors import NotFound
from domain.payment import Payment
from domain.workflow_rule import WORKFLOWS
from projections.engine.querying.pages import EXPORT_STEP, Page

query_router = new_router("workflows")
READ = needs("workflows:read")
_OF_PAYMENTS = f"{Payment.TOPIC}."


class ExecutionNotFound(NotFound):
    code = "execution_not_found"

    def __init__(self, named: str) -> None:
        super().__init__(f"no execution {named}", execution_id=named)


class FilterExecutions(BaseModel):
    workflow_id: Text | None = None
    status: Literal["pending", "running", "completed", "failed"] | None = None
    customer_id: Text | None = None
    event_id: Text | None = None
    payment_id: Text | None = None


class ListExecutions(PageRequest, FilterExecutions):
    limit: UpTo200 = 50


class ExportExecutions(ExportFile, FilterExecutions):
    pass


@query_router.get(
    "/v1/workflows/executions", response_model=Executions, dependencies=[READ, PRESENT_ONLY]
)
async def list_executions(
    request: ApiRequest, query: Annotated[ListExecutions, Query()]
) -> Response:
    """Newest first; to keys that may read customers, for it is about these."""
    _must_read_customers(request)
    found = await _wanted(request, query)
    engine, book = request.dependencies.ledger.engine, request.book_name
    rows = await asyncio.to_thread(
        executions.executions_of, engine, book, found, limit=query.limit, offset=query.offset
    )
    total = await asyncio.to_thread(executions.count, engine, book, found)
    shown = dict(zip(rows, await asyncio.to_thread(_shown, request, rows), strict=True))
    return list_answer(request, "executions", Page(rows, total, None), query, shown.__getitem__)


@query_router.get(
    "/v1/exports/workflow-executions",
    response_model=ExecutionsExport,
    responses=DESCRIBED,
    dependencies=[READ, PRESENT_ONLY],
)
async def export_executions(
    request: ApiRequest, query: Annotated[ExportExecutions, Query()]
) -> Response:
    """Every execution that fits, newest first, as JSON or CSV."""
    _must_read_customers(request)
    rows = _every(request, await _wanted(request, query))
    return query.of_now(request, "executions", Execution, rows)


@query_router.get(
    "/v1/workflows/executions/{execution_id}",
    response_model=Execution,
    dependencies=[READ, PRESENT_ONLY],
)
async def show_execution(request: ApiRequest, execution_id: str) -> Response:
    """What followed, and from what: the fact as its receivers are told of it."""
    found = await _execution(request, execution_id)
    [shown] = await asyncio.to_thread(_shown, request, [found])
    return answer(shown)


@query_router.get(
    "/v1/workflows/executions/{execution_id}/actions",
    response_model=ActionResults,
    dependencies=[READ, PRESENT_ONLY],
)
async def list_actions(request: ApiRequest, execution_id: str) -> Response:
    """What was done, with which template in which version, how each try went, what came of it."""
    found = await _execution(request, execution_id)
    named = (request.dependencies.ledger.engine, found.book, found.rule, found.position)
    steps = await asyncio.to_thread(executions.steps_of, *named)
    tried = await asyncio.to_thread(executions.attempts_of, *named)
    actions = [action_result_of(step, tried.get(step.number, ())) for step in steps]
    return answer({"actions": actions})


def _every(request: ApiRequest, wanted: executions.Wanted) -> Iterator[dict[str, Any]]:
    """Read some hundreds at a time."""
    engine, book, after = request.dependencies.ledger.engine, request.book_name, None
    while rows := executions.executions_of(engine, book, wanted, limit=EXPORT_STEP, after=after):
        yield from _shown(request, rows)
        after = rows[-1]


async def _wanted(request: ApiRequest, query: FilterExecutions) -> executions.Wanted:
    return executions.Wanted(
        rules=await _rules(request, query),
        positions=await _positions(request, query),
        state=query.status,
        customer=query.customer_id,
    )


async def _rules(request: ApiRequest, query: FilterExecutions) -> Sequence[str] | None:
    """Which may be asked about: one, or all there ever were where facts are named; None: any."""
    if query.workflow_id is not None:
        return [query.workflow_id]
    if query.event_id is None and query.payment_id is None:
        return None
    ledger = request.dependencies.ledger
    owners = await asyncio.to_thread(ledger.owners, request.book_name, WORKFLOWS, "")
    return [stream for _, stream in owners]


async def _positions(request: ApiRequest, query: FilterExecutions) -> Collection[int] | None:
    """Of the facts that are asked about; from what is no event, and no payment, nothing follows."""
    asked = []
    if query.event_id is not None:
        asked.append({position_of(request.book_name, query.event_id) or 0})
    if query.payment_id is not None:
        read = request.dependencies.ledger.read_stream
        facts = await asyncio.to_thread(read, request.book_name, query.payment_id)
        asked.append({each.position for each in facts if each.topic.startswith(_OF_PAYMENTS)})
    return set.intersection(*asked) if asked else None


async def _execution(request: ApiRequest, named: str) -> executions.Execution:
    _must_read_customers(request)
    key = execution_named(named)
    if key is None:
        raise ExecutionNotFound(named)
    engine = request.dependencies.ledger.engine
    found = await asyncio.to_thread(executions.execution, engine, request.book_name, *key)
    if found is None or found.state == "awaiting":
        raise ExecutionNotFound(named)
    return found


def _shown(request: ApiRequest, rows: Sequence[executions.Execution]) -> list[dict[str, Any]]:
    """With the facts they followed from, rendered now: nothing of them is kept."""
    book = request.book_name
    stored = request.dependencies.ledger.read_at(book, {row.position for row in rows})
    told = request.dependencies.subjects.after(book, stored)
    payloads = {each.stored.position: payload_of(each, data_of) for each in told}
    names = _names(request, rows, told)
    return [
        execution_of(row, payloads.get(row.position, {}), names.get(row.customer)) for row in rows
    ]


def _names(
    request: ApiRequest, rows: Sequence[executions.Execution], told: Sequence[Occurrence]
) -> dict[str, str | None]:
    """What their customers are called now; None of who has no name, or was deleted."""
    known = {each.customer.id: each.customer for each in told if each.customer is not None}
    past = Past(request.dependencies.ledger)
    # Whose a checkout session was is said by its payment alone.
    for customer_id in {row.customer for row in rows if row.customer} - known.keys():
        found = past.as_of(Customer, request.book_name, customer_id, by=NOW)
        if found is not None:
            known[customer_id] = found
    return {
        customer_id: None if customer.deleted else customer.personal["name"]
        for customer_id, customer in known.items()
    }


def _must_read_customers(request: ApiRequest) -> None:
    if not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)

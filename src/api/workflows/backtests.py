"""Backtests of workflows: what one would have brought about. Nothing is sent by asking."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field
from starlette.responses import Response

from api.http.errors import InvalidInput
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import example, needs, new_router
from api.resources.backtests import Backtest, backtest_of
from api.workflows.rules import checked
from commands.fields import Command, DayOrMoment
from commands.handling.unit_of_work import UnitOfWork
from commands.workflow_rules import CreateWorkflow, checked_terms, show_workflow
from delivery.workflows import backtest
from delivery.workflows.asking import Asking
from delivery.workflows.backtest_report import Report
from delivery.workflows.customer_money import CustomerMoney, ViewsAreLate, payments_of
from delivery.workflows.past import RememberedPast
from delivery.workflows.writing import Writing
from domain.workflow_rule import WorkflowRule
from projections.engine.generations.generations import ViewsRebuilding

router = new_router("workflows")
READ = needs("workflows:read", "workflows:write")

_USUAL_RANGE: Final = timedelta(days=30)


class BacktestRange(Command):
    """Left out: the last 30 days."""

    since: DayOrMoment | None = Field(default=None, alias="from")
    until: DayOrMoment | None = None


class BacktestRule(BacktestRange):
    """A workflow that is not made yet."""

    rule: CreateWorkflow


@router.post(
    "/v1/workflows/rules/{workflow_id}/backtest",
    response_model=Backtest,
    dependencies=[READ],
    openapi_extra=example(**{"from": "2026-11-01"}),
)
async def backtest_workflow(
    request: ApiRequest, workflow_id: str, command: BacktestRange
) -> Response:
    """Who would have been told what, how often, and what that would have cost, by its terms of now.

    It looks for a few seconds at most, at what was recorded last first, and says with `is_complete`
    whether it came to the beginning.
    Facts are looked at by the moment they were recorded. People, a hundred at most with those first
    who would have been told most often, and examples are shown to keys that also have
    `customers:read`.
    """
    return await _tried(request, await request.perform(show_workflow, workflow_id), command)


@router.post(
    "/v1/workflows/rules/backtest",
    response_model=Backtest,
    dependencies=[READ],
    openapi_extra=example(
        rule={
            "name": "Big spenders",
            "trigger": "payment.success",
            "conditions": {"min_amount": 10000},
            "actions": [{"type": "add_tag", "config": {"tag": "big-spender"}}],
        }
    ),
)
async def backtest_new_workflow(request: ApiRequest, command: BacktestRule) -> Response:
    """The same of a workflow that is not made yet: it is checked as if it were."""

    async def check(work: UnitOfWork) -> WorkflowRule:
        checked(request, command.rule.terms["actions"])
        terms = await checked_terms(work, command.rule.terms)
        return WorkflowRule.create(work.ids.new("wf"), terms, enabled=True, now=work.now)

    return await _tried(request, await request.perform(check), command)


async def _tried(request: ApiRequest, rule: WorkflowRule, said: BacktestRange) -> Response:
    ledger, book, now = request.dependencies.ledger, request.book_name, request.now
    until = min(said.until or now, now)
    since = said.since or until - _USUAL_RANGE
    if since > until:
        raise InvalidInput("from", "is after until")

    def run() -> tuple[Report, datetime]:
        after, upto = _before(request, since), ledger.position_at(book, until)
        report = asyncio.run(_backtest(request).run(book, rule, after=after, upto=upto, now=now))
        return report, since if report.is_complete else _recorded_at(request, report.after + 1)

    async with request.dependencies.exports.turn(request.org_id):
        try:
            report, looked_since = await asyncio.to_thread(run)
        except ViewsAreLate:
            raise ViewsRebuilding(None) from None
    moments = {"since": looked_since, "looked_until": until}
    return answer(backtest_of(report, book, tells=request.reads_customers, **moments))


def _backtest(request: ApiRequest) -> backtest.Backtest:
    parts = request.dependencies
    money = CustomerMoney(parts.ledger, payments_of(parts.views))
    writing = Writing(parts.ledger, backtest.loading(parts.ledger))
    asking = Asking(RememberedPast(parts.ledger), money)
    return backtest.Backtest(parts.ledger, parts.subjects, asking, writing)


def _before(request: ApiRequest, since: datetime) -> int:
    """The position of the last fact before a moment."""
    just_before = since - timedelta(microseconds=1)
    return request.dependencies.ledger.position_at(request.book_name, just_before)


def _recorded_at(request: ApiRequest, position: int) -> datetime:
    [stored] = request.dependencies.ledger.read_at(request.book_name, [position])
    return datetime.fromisoformat(stored.recorded_at)

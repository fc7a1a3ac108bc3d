"""Backtests of workflows: what one would have brought about. Nothing is sent by asking."""

import asyncio
from datetime import timedelta
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
    """What happened from one moment on and before another; left out: the last 30 days."""

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

    What happened in the range counts, imported or not, as if it had been recorded at once. It looks
    for a few seconds at most, at what happened last first, and says with `is_complete` whether it
    came to the beginning. People, a hundred at most with those first who would have been told most
    often, and examples are shown to keys that also have `customers:read`.
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
    book, now = request.book_name, request.now
    until = min(said.until or now, now)
    since = said.since or until - _USUAL_RANGE
    if since > until:
        raise InvalidInput("from", "is after until")

    def run() -> Report:
        # What is recorded at this moment happened by now.
        before = until if until < now else now + timedelta(microseconds=1)
        tried = _backtest(request).run(book, rule, since=since, until=before, now=now)
        return asyncio.run(tried)

    async with request.dependencies.exports.turn(request.org_id):
        try:
            report = await asyncio.to_thread(run)
        except ViewsAreLate:
            raise ViewsRebuilding(None) from None
    return answer(backtest_of(report, book, tells=request.reads_customers, looked_until=until))


def _backtest(request: ApiRequest) -> backtest.Backtest:
    parts = request.dependencies
    money = CustomerMoney(parts.ledger, payments_of(parts.views))
    writing = Writing(parts.ledger, backtest.loading(parts.ledger))
    asking = Asking(RememberedPast(parts.ledger), money)
    return backtest.Backtest(parts.ledger, parts.subjects, asking, writing)

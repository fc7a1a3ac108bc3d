"""The resource of a backtest: what a workflow would have brought about."""

from typing import Any

from pydantic import Field

from api.resources.shapes import Count, Currency, Moment, Shape
from commands.workflow_actions import ActionType
from delivery.envelopes import event_id
from delivery.messages.channels import Message, Sms
from delivery.messages.emails import Email
from delivery.workflows.backtest_report import ActionCount, Example, Report


class SkippedActions(Shape):
    """How many would not have been done for one reason."""

    reason: str = Field(examples=["the customer has no email"])
    count: Count


class BacktestAction(Shape):
    """What would have come of one action; its `cost`, where the integration says a price."""

    type: ActionType
    integration_id: str | None
    would_do: Count
    skipped: list[SkippedActions]
    segments: Count
    cost: str | None = Field(examples=["12.60"])
    cost_currency: Currency | None


class BusiestHour(Shape):
    """The hour in which most would have followed."""

    hour: Moment
    executions: Count


class BacktestPerson(Shape):
    """A customer of whom it would have followed, and how many messages would have reached them."""

    customer_id: str
    executions: Count
    messages: Count


class BacktestExample(Shape):
    """A message as it would have been sent."""

    event_id: str
    customer_id: str | None
    action_type: ActionType
    to: str | None
    subject: str | None
    text: str


class Backtest(Shape):
    """Nothing was sent. Of what happened from `since` on and before `looked_until`.

    Where it is not complete, ask again until `since`.
    """

    since: Moment
    looked_until: Moment
    is_complete: bool
    facts: Count
    executions: Count
    customers: Count
    most_of_one_customer: Count
    people: list[BacktestPerson]
    busiest_hour: BusiestHour | None
    actions: list[BacktestAction]
    examples: list[BacktestExample]


def backtest_of(report: Report, book: str, *, tells: bool, **moments: Any) -> dict[str, Any]:
    """``tells``: whether people and examples may be shown, which are about customers."""
    busiest = report.per_hour.most_common(1)
    examples = report.examples if tells else []
    return Backtest.of(
        report,
        customers=len(report.per_customer),
        most_of_one_customer=max(report.per_customer.values(), default=0),
        people=[BacktestPerson.of(each) for each in report.people] if tells else [],
        busiest_hour={"hour": busiest[0][0], "executions": busiest[0][1]} if busiest else None,
        actions=[_action_of(each) for each in report.actions],
        examples=[_example_of(each, report, book) for each in examples],
        **moments,
    )


def _action_of(counted: ActionCount) -> dict[str, Any]:
    skipped = [{"reason": reason, "count": n} for reason, n in counted.skipped.most_common()]
    return BacktestAction.of(
        counted,
        skipped=skipped,
        cost=None if counted.cost is None else str(counted.cost),
        cost_currency=counted.currency,
    )


def _example_of(example: Example, report: Report, book: str) -> dict[str, Any]:
    return {
        "event_id": event_id(book, example.position),
        "customer_id": example.customer_id,
        "action_type": report.actions[example.action].type,
        **_shown(example.message),
    }


def _shown(message: Message) -> dict[str, str | None]:
    match message:
        case Email():
            return {"to": message.to, "subject": message.subject, "text": message.text}
        case Sms():
            return {"to": message.to, "subject": None, "text": message.text}
        case _:
            return {"to": None, "subject": None, "text": message.text}

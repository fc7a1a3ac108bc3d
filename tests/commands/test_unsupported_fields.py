"""Unsupported fields: nobody is told yes about a discount, a tax or a quantity that is ignored."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from commands.fields import DayOrMoment
from commands.invoices import CancelInvoice, RetryInvoice, UpdateInvoice
from commands.payment_links import CreatePaymentLink, UpdatePaymentLink
from commands.subscriptions import (
    CancelSubscription,
    CreateSubscription,
    PauseSubscription,
    ResumeSubscription,
    UpdateSubscription,
)
from commands.unsupported_fields import MONEY_ELSEWHERE, UnsupportedField

LINK = {"name": "Sale", "currency": "GHS", "amount": 4000}
PLAN = {
    "customer_id": "usr_1",
    "plan_id": "plan_premium",
    "amount": 9900,
    "currency": "GHS",
    "method": "momo",
    "interval": "monthly",
}
BODIES = [
    (CreateSubscription, PLAN),
    (UpdateSubscription, {"amount": 2000}),
    (UpdateInvoice, {"metadata": {}}),
    (CreatePaymentLink, LINK),
    (UpdatePaymentLink, {"amount": 5000}),
    (CancelSubscription, {"reason": "moved away"}),
    (PauseSubscription, {}),
    (ResumeSubscription, {}),
    (CancelInvoice, {}),
    (RetryInvoice, {}),
]
bodies = pytest.mark.parametrize(("command", "body"), BODIES, ids=lambda each: str(each)[:40])


@bodies
def test_what_means_money_elsewhere_and_nothing_here_is_refused_by_its_name(command, body):
    for name in MONEY_ELSEWHERE - command.model_fields.keys():
        with pytest.raises(UnsupportedField) as refused:
            command.model_validate(body | {name: "10"})

        assert refused.value.details == {"field": name}


@bodies
def test_what_says_that_there_is_none_of_it_is_no_mistake(command, body):
    said = command.model_validate(body)

    for nothing in (None, "", 0, False, [], {}):
        assert command.model_validate(body | {"tax": nothing, "discounts": nothing}) == said


@bodies
@pytest.mark.parametrize("name", ["quantity", "unit_amount", "seats", "billing_cycles"])
def test_none_of_what_is_sold_is_not_nothing_said(command, body, name):
    for nothing in (0, 0.0):
        with pytest.raises(UnsupportedField):
            command.model_validate(body | {name: nothing})
    for unsaid in (None, ""):
        command.model_validate(body | {name: unsaid})


@bodies
def test_every_other_name_stays_without_effect(command, body):
    said = command.model_validate(body)

    assert command.model_validate(body | {"colour": "red", "callback": {"url": "x"}}) == said


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (UpdateSubscription, {"currency": "USD", "amount": 100}),
        (UpdateSubscription, {"status": "canceled"}),
        (CancelSubscription, {"at_period_end": True}),
        (PauseSubscription, {"resumes_at": "2027-01-01"}),
        (RetryInvoice, {"amount": 100}),
        (UpdateInvoice, {"amount": 100}),
        (UpdateInvoice, {"currency": "USD"}),
    ],
)
def test_what_cannot_be_changed_any_more_is_not_passed_over(command, body):
    with pytest.raises(UnsupportedField):
        command.model_validate(body)


def test_a_day_is_its_beginning_and_no_day_is_refused():
    read = TypeAdapter(DayOrMoment).validate_python

    assert read("2026-12-24") == datetime(2026, 12, 24, tzinfo=UTC)
    assert read("2026-12-24T10:00:00+01:00") == datetime(2026, 12, 24, 9, tzinfo=UTC)
    for wrong in ("2026-02-30", "24.12.2026", "2026-12", 20261224, "1969-12-31"):
        with pytest.raises(ValidationError):
            read(wrong)

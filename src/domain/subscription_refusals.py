"""Refusals of subscriptions."""

from datetime import datetime

from domain.errors import NotFound, RuleBroken


class SubscriptionNotFound(NotFound):
    code = "subscription_not_found"

    def __init__(self, subscription_id: str) -> None:
        super().__init__(f"no subscription {subscription_id}", subscription_id=subscription_id)


class WrongStatus(RuleBroken):
    def __init__(self, action: str, status: str) -> None:
        super().__init__(
            f"cannot {action} a subscription that is {status}", status=status, action=action
        )


class SubscriptionCancelled(RuleBroken):
    code = "subscription_cancelled"

    def __init__(self, action: str) -> None:
        super().__init__(
            f"cannot {action} a subscription that is canceled", status="canceled", action=action
        )


class BeginsInThePast(RuleBroken):
    """What began long ago would have been billed; nobody says by whom, so it is not guessed."""

    code = "validation_error"

    def __init__(self, starts_at: datetime, now: datetime) -> None:
        super().__init__(
            f"start_date {starts_at.isoformat()} is more than a day before now,"
            f" {now.isoformat()}: record what was paid until now as payments, and begin today",
            field="start_date",
            start_date=starts_at.isoformat(),
            now=now.isoformat(),
        )


class BeginsTooLate(RuleBroken):
    code = "validation_error"

    def __init__(self, field: str, moment: datetime) -> None:
        super().__init__(f"{field} {moment.isoformat()} is too far in the future", field=field)


class TrialEndsBeforeItBegins(RuleBroken):
    code = "validation_error"

    def __init__(self, trial_end: datetime, begins: datetime) -> None:
        super().__init__(
            f"trial_end {trial_end.isoformat()} is not after {begins.isoformat()},"
            " when the trial begins",
            field="trial_end",
            begins_at=begins.isoformat(),
        )

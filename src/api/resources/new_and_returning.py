"""New and returning customers: what each bucket of a range brought from either."""

from api.resources.shapes import Amount, Count, Currency, Moment, Shape


class NewAndReturningBucket(Shape):
    """What succeeded at ``start`` ≤ t < ``end``.

    New, returning and guest payments are all that succeeded, in number and in amount.
    """

    start: Moment
    end: Moment
    new_customers: Count
    new_amount: Amount
    returning_payments: Count
    returning_amount: Amount
    guest_payments: Count
    guest_amount: Amount


class NewAndReturning(Shape):
    """Without gaps, in one currency."""

    currency: Currency | None
    buckets: list[NewAndReturningBucket]

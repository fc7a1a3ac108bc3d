"""The checkout session resource."""

from pydantic import Field

from api.resources.customer_history import Prefill
from api.resources.customers import KnownCustomer
from api.resources.payments import Payment
from api.resources.shapes import Moment, Shape


class CheckoutSession(Shape):
    """``customer`` and ``prefill`` only when a server opened the session for somebody it knows."""

    id: str = Field(examples=["cs_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    client_secret: str
    session_secret: str
    payment_intent: Payment
    expires_at: Moment
    customer: KnownCustomer | None
    prefill: Prefill | None


class SelectedMethod(Shape):
    """The payment, as it is to be made now."""

    payment_intent: Payment


class CheckoutSettings(Shape):
    """The pages that may call from a browser."""

    allowed_origins: list[str] = Field(examples=[["https://shop.example"]])

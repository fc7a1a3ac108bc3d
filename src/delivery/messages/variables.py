"""Variables: what a message may say of what happened, each a text that is empty if not known."""

import re
from typing import Final

# What each is, and how it may look: so a template is tried before anything has happened.
VARIABLES: Final[dict[str, str]] = {
    "amount": "1,250.50",
    "currency": "GHS",
    "money": "GHS\N{NO-BREAK SPACE}1,250.50",
    "customer_email": "ama@example.com",
    "customer_external_id": "user_12345",
    "customer_id": "cus_01hxa2b3c4d5e6f7g8h9jkmnpq",
    "customer_name": "Ama Mensah",
    "customer_phone": "+233201234567",
    "customer_tags": "premium, early-adopter",
    "date": "28 November 2026",
    "description": "Summer Sale - Premium Plan",
    "due_date": "28 December 2026",
    "event": "payment.succeeded",
    "failure_message": "The card was declined.",
    "id": "pay_01hxa2b3c4d5e6f7g8h9jkmnpq",
    "invoice_number": "INV-000017",
    "organization_color": "#0b6b63",
    "organization_name": "Kente Shop",
    "payment_id": "pay_01hxa2b3c4d5e6f7g8h9jkmnpq",
    "payment_method": "Mobile money",
    "plan": "Premium",
    "receipt_number": "ZN1S-FXW2-SQX7",
    "reference": "order-1001",
    "refund_amount": "250.50",
    "refund_money": "GHS\N{NO-BREAK SPACE}250.50",
    "refund_reason": "Returned",
    "status": "succeeded",
    "time": "14:05 GMT",
    "unsubscribe_url": "https://pay.example/unsubscribe/3f1c",
}

# Of what a merchant has noted on what happened, and on who it is about: metadata_order_id.
NOTED: Final = ("metadata_", "customer_metadata_")
_OTHER_SIGNS: Final = re.compile(r"\W")


def is_known(name: str) -> bool:
    return name in VARIABLES or name.startswith(NOTED)


def written_name(name: str) -> str:
    """How a template calls it: in the names of notes every sign but letters and figures is a _."""
    return name if name.isidentifier() else _OTHER_SIGNS.sub("_", name)

"""The resource of a receipt that is sent."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Shape
from commands.receipts import RequestedReceipt


class SentReceipt(Shape):
    """On its way: the message is an entry of the customer's timeline once it has left."""

    payment_id: str
    customer_id: str | None
    receipt_number: str = Field(examples=["7K3M-9QXB-2TRD"])
    channel: Literal["email"]
    to: str | None = Field(examples=["ada@example.com"])
    copy_: bool = Field(alias="copy")
    integration_id: str


def sent_receipt_of(requested: RequestedReceipt) -> dict[str, Any]:
    return {
        "payment_id": requested.payment_id,
        "customer_id": requested.customer_id,
        "receipt_number": requested.number,
        "channel": "email",
        "to": requested.to,
        "copy": True,
        "integration_id": requested.integration_id,
    }

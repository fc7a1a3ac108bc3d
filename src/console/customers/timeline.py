"""The timeline of a customer: what each recorded fact says, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from console.customers.profile_changes import profile_change
from console.pages import Page
from console.states import tone_of, word_of
from console.steps import steps

_SECTIONS: Final = {
    "payment": "/console/payments/{}",
    "subscription": "/console/subscriptions/{}",
    "invoice": "/console/invoices/{}",
}
_ICONS: Final = {
    "customer": "person",
    "payment": "payments",
    "subscription": "subscriptions",
    "invoice": "invoices",
}
BEGUN: Final = "Payment begun"
# What is not said well by the fact's own name.
_TITLES: Final = {
    "customer.registered": "Became a customer",
    "customer.updated": "Profile changed",
    "customer.consent_given": "Agreed to be written to by {channel}",
    "customer.consent_withdrawn": "Wants no more messages by {channel}",
    "customer.revealed": "Seen by somebody from whom they are covered",
    "customer.data_taken": "All that is known of them was downloaded",
    "payment.created": BEGUN,
    "payment.method_selected": "Payment method chosen",
    "payment.customer_attached": "Payment joined to this customer",
    "payment.action_required": "Payer has something to do",
    "payment.processing_started": "Payment being processed",
    "payment.rest_released": "Rest of the authorization let go",
    "payment.receipt_requested": "Receipt asked for again",
    "invoice.retries_stopped": "Invoice is not tried again",
    "subscription.end_scheduled": "Subscription will end",
    "subscription.end_revoked": "Subscription will go on",
}
_TONES: Final[Mapping[str, tuple[str, ...]]] = {
    "good": ("succeeded", "paid", "dispute_won", "renewed", "resumed", "consent_given"),
    "bad": ("failed", "dispute_lost", "retries_stopped", "deleted"),
    "waiting": ("refunded", "dispute_opened", "paused", "canceled", "expired", "consent_withdrawn"),
}
_SPECIAL_ICONS: Final = {"refunded": "refund", "failed": "alert"}
_AMOUNTS: Final = ("refund_amount", "disputed_amount", "released_amount", "captured_amount")
_TAKEN: Final = ("payment.refunded", "payment.dispute_lost")


_CHANNELS: Final = {"email": "Email", "sms": "Text message"}


@dataclass(frozen=True)
class Entry:
    """What happened; ``by`` and ``why`` as far as anybody said, ``raw`` the fact as JSON.

    A message is no fact: it has none. ``how`` a payment was made, where that is known.
    """

    id: str
    at: str
    title: str
    icon: str
    tone: str
    href: str
    amount: int | None
    currency: str | None
    by: str
    why: str
    raw: str
    how: str = ""


async def recorded(page: Page, path: str, subject: str) -> dict[str, Any]:
    """A page of the ``facts`` about something, as ``entries``, and its place among all of them.

    No facts for those who may not know the customers they tell of.
    """
    if page.viewer is None or not page.viewer.may("customers:read"):
        return {"facts": None}
    facts = await page.api.get(path, subject, **page.chosen("cursor", "offset"))
    return {
        "facts": facts,
        "entries": [entry_of(each, page) for each in facts["facts"]],
        **steps(page, facts["pagination"], len(facts["facts"])),
    }


def entry_of(fact: Mapping[str, Any], page: Page) -> Entry:
    subject, _, happened = fact["topic"].partition(".")
    data = fact["data"]
    place = _SECTIONS.get(subject)
    # What was before is told beside a fact, and was not recorded in it.
    as_recorded = {name: value for name, value in fact.items() if name != "before"}
    return Entry(
        id=str(fact["position"]),
        at=fact["occurred_at"],
        title=profile_change(fact) or title_of(fact["topic"]).format_map(data),
        icon=_icon(subject, happened),
        tone=next((tone for tone, each in _TONES.items() if happened in each), ""),
        href=page.link(place, fact["subject_id"]) if place else "",
        amount=_amount(fact["topic"], data),
        currency=data.get("currency") or data.get("plan", {}).get("currency"),
        by=fact["actor_name"] or "",
        why=fact["reason"] or "",
        raw=orjson.dumps(as_recorded, option=orjson.OPT_INDENT_2).decode(),
        how=word_of(data.get("method") or ""),
    )


def entry_of_message(message: Mapping[str, Any], page: Page) -> Entry:
    """What was written to the customer, and what became of it; leads to why."""
    channel, status = _CHANNELS.get(message["description"], "Message"), message["status"]
    return Entry(
        id=message["id"],
        at=message["occurred_at"],
        title=f"{channel} {word_of(status).lower()}",
        icon="message",
        tone=tone_of(status),
        href=page.link("/console/workflows/executions/{}", message["execution_id"]),
        amount=None,
        currency=None,
        by="",
        why="",
        raw="",
    )


def title_of(topic: str) -> str:
    """What a fact is called on a page; ``{channel}`` stands for what the fact says of it."""
    return _TITLES.get(topic) or topic.replace(".", " ").replace("_", " ").capitalize()


def _icon(subject: str, happened: str) -> str:
    if happened.startswith("dispute"):
        return "dispute"
    return _SPECIAL_ICONS.get(happened, _ICONS.get(subject, "info"))


def _amount(topic: str, data: Mapping[str, Any]) -> int | None:
    if topic.startswith("customer."):
        return None
    named = next((data[name] for name in _AMOUNTS if name in data), None)
    amount: int | None = named if named is not None else data.get("amount")
    if amount is None:
        amount = data.get("plan", {}).get("amount")
    return -amount if amount and topic in _TAKEN else amount

"""How the timeline of a customer becomes an answer."""

from typing import Any

from api.renderings.values import moment
from projections.customer_history import HistoryEntry
from projections.prefill import Prefill


def of_entry(entry: HistoryEntry) -> dict[str, Any]:
    return {
        "type": entry.type,
        "id": entry.id,
        "occurred_at": moment(entry.occurred_at),
        "status": entry.status,
        "amount": entry.amount,
        "currency": entry.currency,
        "description": entry.description,
        "source": entry.source,
        "source_id": entry.source_id,
        "source_description": entry.source_description,
        "payment_id": entry.payment_id,
    }


def of_prefill(prefill: Prefill) -> dict[str, Any]:
    return {
        "name": prefill.name,
        "email": prefill.email,
        "phone": prefill.phone,
        "method": prefill.method,
        "country": prefill.country,
    }

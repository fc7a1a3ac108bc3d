"""Attention: what waits for somebody, of all subjects, in one answer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, needs, new_router
from api.resources.attention import PLACES, Attention, AttentionItem
from api.webhooks.deliveries import asked
from api.webhooks.told_topics import narrowed
from commands import webhook_endpoints
from delivery.webhooks.backlog import failing, given_up
from domain.invoice import DAYS_OF_GRACE
from projections.attention import Waiting, what_waits
from projections.engine.querying import candidates

router = new_router("attention")


@router.get("/v1/attention", response_model=Attention, dependencies=[needs(), PRESENT_ONLY])
async def show_attention(request: ApiRequest) -> Response:
    """What needs attention now, and where to look; of what the key may read, and no more."""
    now = request.dependencies.handler.clock()
    found = await request.ask_now(what_waits, now=now)
    if request.caller.may("webhooks:read"):
        found |= await _webhooks(request)
    due_before = quote((now - DAYS_OF_GRACE).isoformat())
    items = [
        _item(kind, found[kind], path.format(due_before=due_before))
        for kind, (scope, path) in PLACES.items()
        if kind in found and (not scope or request.caller.may(scope))
    ]
    return answer({"total": sum(each["count"] for each in items), "items": items})


async def _webhooks(request: ApiRequest) -> dict[str, Waiting]:
    book, known = request.book_name, narrowed(request)
    endpoints = await request.perform(webhook_endpoints.list_endpoints)
    since = await asked(request, lambda db: failing(db, book))
    count, first = await asked(request, lambda db: given_up(db, book, candidates.FEW, known))
    failing_since = (since[each.id] for each in endpoints if each.enabled and each.id in since)
    disabled_at = (
        each.disabled_at
        for each in endpoints
        if not each.enabled and each.disabled_reason != "by_hand"
    )
    return {
        "failed_deliveries": Waiting(
            min(count, candidates.FEW),
            datetime.fromisoformat(first) if first else None,
            is_exact=count <= candidates.FEW,
        ),
        "failing_endpoints": _of_all(map(datetime.fromisoformat, failing_since)),
        "disabled_endpoints": _of_all(filter(None, disabled_at)),
    }


def _of_all(moments: Iterable[datetime]) -> Waiting:
    each = sorted(moments)
    return Waiting(len(each), each[0] if each else None)


def _item(kind: str, waiting: Waiting, path: str) -> dict[str, Any]:
    return AttentionItem.of(waiting, kind=kind, count_is_exact=waiting.is_exact, path=path)

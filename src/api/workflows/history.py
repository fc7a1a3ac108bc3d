"""History of what workflows are made of: who changed what of a rule, a template or an integration.

Which fields a change was about is told, not what they were: `version` of a rule or a template
shows that, and how to log in somewhere is told to nobody.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

import orjson
from fastapi import Query
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo100, list_answer, page_of
from api.http.request import ApiRequest
from api.http.routing import PRESENT_ONLY, needs, new_router
from api.resources.actors import doers_of
from api.resources.setting_history import SettingHistory, change_of
from domain.integration import Integration
from domain.message_template import MessageTemplate
from domain.workflow_rule import WorkflowRule
from ledger.facts import StoredFact

router = new_router("workflows")
READ = needs("workflows:read")

# What every fact has, and what is called otherwise on the wire.
_OF_EVERY_FACT: Final = frozenset({"occurred_at", "class_version"})
# Of the facts of these kinds each says all of it; of the others, the topic says what they did.
_STATE_ALL: Final = (".created", ".changed")
_NAMES: Final = {"sealed_credentials": "credentials", "personal": "config"}


SetUp = WorkflowRule | MessageTemplate | Integration


class ListChanges(PageRequest):
    limit: UpTo100 = 50


@router.get(
    "/v1/workflows/rules/{workflow_id}/history",
    response_model=SettingHistory,
    dependencies=[READ, PRESENT_ONLY],
)
async def list_workflow_changes(
    request: ApiRequest, workflow_id: str, query: Annotated[ListChanges, Query()]
) -> Response:
    """Who changed what of it, and when, the last first; also of one that was removed."""
    return await _listed(request, WorkflowRule, workflow_id, query)


@router.get(
    "/v1/workflows/templates/{template_id}/history",
    response_model=SettingHistory,
    dependencies=[READ, PRESENT_ONLY],
)
async def list_template_changes(
    request: ApiRequest, template_id: str, query: Annotated[ListChanges, Query()]
) -> Response:
    """Who changed what of it, and when, the last first; also of one that was removed."""
    return await _listed(request, MessageTemplate, template_id, query)


@router.get(
    "/v1/workflows/integrations/{integration_id}/history",
    response_model=SettingHistory,
    dependencies=[READ, PRESENT_ONLY],
)
async def list_integration_changes(
    request: ApiRequest, integration_id: str, query: Annotated[ListChanges, Query()]
) -> Response:
    """Who changed what of it, and when, the last first; also of one that was removed."""
    return await _listed(request, Integration, integration_id, query)


async def _listed(
    request: ApiRequest, kind: type[SetUp], stream: str, query: ListChanges
) -> Response:
    ledger, book = request.dependencies.ledger, request.book_name
    stored = await asyncio.to_thread(ledger.read_stream, book, stream)
    if not stored or not stored[0].topic.startswith(f"{kind.TOPIC}."):
        raise kind.not_found(stream)
    changed = dict(_changed(stored))
    page = page_of(stored[::-1], query, lambda fact: str(fact.version))
    doers = await doers_of(request, page.rows)

    def show(fact: StoredFact) -> dict[str, Any]:
        return change_of(fact, changed[fact.version], doers[fact.position])

    return list_answer(request, "history", page, query, show)


def _changed(stored: Sequence[StoredFact]) -> Iterator[tuple[int, list[str]]]:
    """By version, the fields that a fact changed; the first one made it, and changed none."""
    known: dict[str, Any] = {}
    for fact in stored:
        if not fact.topic.endswith(_STATE_ALL):
            yield fact.version, []
            continue
        said: dict[str, Any] = orjson.loads(fact.data)
        new = {name for name in said.keys() & known.keys() if said[name] != known[name]}
        yield fact.version, sorted({_NAMES.get(name, name) for name in new - _OF_EVERY_FACT})
        known |= said

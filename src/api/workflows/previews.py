"""Previews of templates: how a message would read, written with a real past fact."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import InvalidInput, insufficient_scope
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.http.responses import answer
from api.http.routing import example, needs, new_router
from api.resources.template_previews import TemplatePreview
from commands.message_templates import show_template
from commands.template_previews import PreviewTemplate, PreviewWords
from delivery.envelopes import event_id, position_of
from delivery.messages.channels import Sms
from delivery.messages.templates import Compiled, compile_template
from delivery.messages.variables import VARIABLES
from delivery.subjects import Occurrence
from delivery.workflows.variables import variables_of
from domain.event_types import type_of
from domain.payment import Payment
from projections.event_counts import counts_by_topic

router = new_router("workflows")
READ = needs("workflows:read", "workflows:write")

_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC).date()


@router.post(
    "/v1/workflows/templates/preview",
    response_model=TemplatePreview,
    dependencies=[READ],
    openapi_extra=example(type="sms", body="We received {{ money }}. Thank you!"),
)
async def preview_words(request: ApiRequest, command: PreviewWords) -> Response:
    """How words that are no template yet would read. Nothing is sent.

    Written with a fact for keys that have `customers:read`; for others, and where there is none
    yet, with examples.
    """
    compiled = compile_template(command.subject, command.body, command.type)
    return await _previewed(request, compiled, command)


@router.post(
    "/v1/workflows/templates/{template_id}/preview",
    response_model=TemplatePreview,
    dependencies=[READ],
    openapi_extra=example(),
)
async def preview_template(
    request: ApiRequest, template_id: str, command: PreviewTemplate
) -> Response:
    """The same of a template."""
    template = await request.perform(show_template, template_id)
    compiled = compile_template(template.subject, template.body, template.type)
    return await _previewed(request, compiled, command)


async def _previewed(request: ApiRequest, compiled: Compiled, command: PreviewTemplate) -> Response:
    occurrence = await _occurrence(request, command.event_id)
    variables = _variables(request, occurrence) if occurrence else VARIABLES
    rendered = await asyncio.to_thread(compiled.render, variables)
    is_text = compiled.kind == "sms"
    segments = Sms(to="", text=rendered.text, key="").segments if is_text else None
    used = {name: variables.get(name, "") for name in sorted(compiled.names)}
    named = occurrence and event_id(request.book_name, occurrence.stored.position)
    return answer(TemplatePreview.of(rendered, event_id=named, segments=segments, variables=used))


async def _occurrence(request: ApiRequest, named: str | None) -> Occurrence | None:
    """The fact that is named, else the latest payment that succeeded. Raises InvalidInput."""
    if not request.reads_customers:
        if named is not None:
            raise insufficient_scope(READS_CUSTOMERS)
        return None
    position = await _latest(request) if named is None else position_of(request.book_name, named)
    parts = request.dependencies

    def read() -> list[Occurrence]:
        if position is None:
            return []
        stored = parts.ledger.read_at(request.book_name, [position])
        told = [each for each in stored if type_of(each.topic) is not None]
        return parts.subjects.after(request.book_name, told)

    found = await asyncio.to_thread(read)
    if named is not None and not found:
        raise InvalidInput("event_id", f"there is no event {named}")
    return found[0] if found else None


async def _latest(request: ApiRequest) -> int | None:
    counts = await request.ask(counts_by_topic, _EVER, topics=[Payment.Succeeded.TOPIC])
    return max((each.last_position for each in counts), default=None)


def _variables(request: ApiRequest, occurrence: Occurrence) -> dict[str, Any]:
    organization = request.caller.organization
    return variables_of(
        occurrence.fact,
        occurrence.subject,
        occurrence.customer,
        organization,
        unsubscribe_url=VARIABLES["unsubscribe_url"],
    )

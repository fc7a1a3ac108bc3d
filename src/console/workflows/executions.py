"""Executions: what followed from what, why, and what came of it."""

from typing import Any, Final

from starlette.responses import Response

from console.listings import chips
from console.pages import Page
from console.routing import console_router
from console.steps import steps
from console.webhooks.deliveries import as_json, or_nothing
from console.workflows.rules import rule_names

router = console_router()

_FILTERS: Final = {
    "status": "State",
    "workflow_id": "Workflow",
    "customer_id": "Customer",
    "event_id": "Event",
    "payment_id": "Payment",
}


@router.get("/console/workflows/executions.csv")
async def export_executions(page: Page) -> Response:
    asked = page.chosen(*_FILTERS)
    return page.api.passed_on("/v1/exports/workflow-executions", **asked, format="csv")


@router.get("/console/workflows/executions")
async def list_executions(page: Page) -> Response:
    asked = page.chosen(*_FILTERS, "offset")
    found = await page.api.get("/v1/workflows/executions", **asked)
    place: dict[str, Any] = found["pagination"]
    upto = place["offset"] + len(found["executions"])
    return page.render(
        "workflows/executions.html",
        found=found,
        names=await rule_names(page),
        chips=[*chips(page, _FILTERS, ("status",))],
        total=place["total"],
        is_exact=place["total_is_exact"],
        **steps(page, place, len(found["executions"]))
        | {"next": page.here(offset=upto) if upto < place["total"] else ""},
    )


@router.get("/console/workflows/executions/{execution_id}")
async def show_execution(page: Page, execution_id: str) -> Response:
    found = await page.api.get("/v1/workflows/executions/{}", execution_id)
    done = await page.api.get("/v1/workflows/executions/{}/actions", execution_id)
    path = "/v1/workflows/rules/{}"
    version = found["workflow_version"]
    rule = await or_nothing(page, path, found["workflow_id"], version=version)
    return page.render(
        "workflows/execution.html",
        execution=found.body,
        found=found,
        rule=rule,
        actions=done["actions"],
        payload=as_json(found["trigger_payload"]),
    )

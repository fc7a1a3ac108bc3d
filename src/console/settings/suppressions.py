"""Suppressions: who is not written to, by which channel and why; and that somebody is again."""

from typing import Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput
from console.pages import Page
from console.problems import NONE, Problems, problems_of
from console.routing import console_router
from console.steps import steps

router = console_router()

PLACE: Final = "/console/settings/suppressions"
CHANNELS: Final = {"email": "Email", "sms": "Text message"}

_ONE: Final = f"{PLACE}/{{customer_id}}/{{channel}}"


@router.get(PLACE)
async def list_suppressions(page: Page) -> Response:
    asked = page.chosen("channel", "cursor", "offset")
    found = await page.api.get("/v1/workflows/suppressions", **asked)
    return page.render(
        "settings/suppressions.html",
        found=found,
        channels=CHANNELS,
        **steps(page, found["pagination"], len(found["suppressions"])),
    )


@router.get(_ONE)
async def show_lift(page: Page, customer_id: str, channel: str) -> Response:
    return await _form(page, customer_id, channel)


@router.post(_ONE)
async def lift(page: Page, customer_id: str, channel: str) -> Response:
    reason = page.form.get("reason", "").strip()
    said = {"channel": channel, "given": True, "reason": reason}
    try:
        if not reason:
            raise InvalidInput("reason", "say how you know that they may be")
        await page.api.post("/v1/customers/{}/consents", customer_id, **said)
    except ApiError as error:
        return await _form(page, customer_id, channel, problems_of(error))
    return page.see(page.url(PLACE), said="They may be written to again.")


async def _form(page: Page, customer_id: str, channel: str, problems: Problems = NONE) -> Response:
    customer = await page.api.get("/v1/customers/{}", customer_id)
    known = await page.api.get("/v1/customers/{}/consents", customer_id)
    said = next((each for each in known["consents"] if each["channel"] == channel), None)
    return page.render(
        "settings/suppression.html",
        customer=customer.body,
        said=said,
        channel=CHANNELS.get(channel, channel),
        problems=problems,
        status=problems.status,
    )

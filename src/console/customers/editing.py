"""Changing customers: a new one, what is known of one, tags, consent, and deleting."""

from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.forms import words_as_text, words_in
from console.pages import Page
from console.problems import NONE, Problems, not_typed, problems_of
from console.routing import console_router

router = console_router()

_FIELDS: Final = ("name", "email", "phone", "external_id")
_DELETED: Final = "Deleted. Their payments stay in every total."


@router.get("/console/customers/new", scope="customers:write")
async def show_new(page: Page) -> Response:
    return page.render("customers/new.html", problems=NONE)


@router.post("/console/customers/new")
async def create(page: Page) -> Response:
    said: dict[str, Any] = {name: page.form[name] for name in _FIELDS if name in page.form}
    if "tags" in page.form:
        said["tags"] = _tags(page)
    try:
        made = await page.api.post("/v1/customers", **said)
    except ApiError as error:
        problems = problems_of(error)
        return page.render("customers/new.html", problems=problems, status=problems.status)
    return page.see(page.url("/console/customers/{}", made["id"]), said="The customer is here now.")


@router.get("/console/customers/{customer_id}/edit", scope="customers:write")
async def show_edit(page: Page, customer_id: str) -> Response:
    return await _edit(page, customer_id)


@router.post("/console/customers/{customer_id}/edit")
async def edit(page: Page, customer_id: str) -> Response:
    said: dict[str, Any] = {name: page.form.get(name) for name in _FIELDS}
    if (tags := _tags(page)) != await _tags_of(page, customer_id):
        said["tags"] = tags
    try:
        await page.api.patch("/v1/customers/{}", customer_id, **said)
    except ApiError as error:
        return await _edit(page, customer_id, problems_of(error))
    return _see(page, customer_id, "Saved.")


@router.post("/console/customers/{customer_id}/tag")
async def add_tag(page: Page, customer_id: str) -> Response:
    tags = await _tags_of(page, customer_id)
    await page.api.patch("/v1/customers/{}", customer_id, tags=[*tags, page.form.get("tag", "")])
    return _see(page, customer_id, "Tagged.")


@router.post("/console/customers/{customer_id}/untag")
async def take_off_tag(page: Page, customer_id: str) -> Response:
    tags = [tag for tag in await _tags_of(page, customer_id) if tag != page.form.get("tag")]
    await page.api.patch("/v1/customers/{}", customer_id, tags=tags)
    return _see(page, customer_id, "The tag is off.")


@router.post("/console/customers/{customer_id}/consent")
async def state_consent(page: Page, customer_id: str) -> Response:
    given = page.form.get("given") == "true"
    await page.api.post(
        "/v1/customers/{}/consents",
        customer_id,
        channel=page.form.get("channel", ""),
        given=given,
        reason=page.form.get("reason", "asked"),
    )
    said = "They may be written to again." if given else "They are not written to any more."
    return _see(page, customer_id, said)


@router.get("/console/customers/{customer_id}/delete", scope="customers:write")
async def show_delete(page: Page, customer_id: str) -> Response:
    page.request.must_delete()
    return await _delete(page, customer_id)


@router.post("/console/customers/{customer_id}/delete")
async def delete(page: Page, customer_id: str) -> Response:
    if problems := not_typed(page, customer_id, "This is not the id above."):
        return await _delete(page, customer_id, problems)
    await page.api.delete("/v1/customers/{}", customer_id)
    return page.see(page.url("/console/customers"), said=_DELETED)


async def _edit(page: Page, customer_id: str, problems: Problems = NONE) -> Response:
    customer = await page.api.get("/v1/customers/{}", customer_id)
    said = {name: customer[name] for name in _FIELDS} | {"tags": words_as_text(customer["tags"])}
    if page.form:
        said = {name: page.form.get(name, "") for name in said}
    return page.render(
        "customers/edit.html",
        customer=customer.body,
        said=said,
        problems=problems,
        status=problems.status,
    )


async def _delete(page: Page, customer_id: str, problems: Problems = NONE) -> Response:
    customer = await page.api.get("/v1/customers/{}", customer_id)
    return page.render(
        "customers/delete.html",
        customer=customer.body,
        problems=problems,
        status=problems.status,
    )


def _tags(page: Page) -> list[str]:
    return words_in(page.form.get("tags", ""))


async def _tags_of(page: Page, customer_id: str) -> list[str]:
    customer = await page.api.get("/v1/customers/{}", customer_id)
    tags: list[str] = customer["tags"]
    return tags


def _see(page: Page, customer_id: str, said: str) -> Response:
    return page.see(page.url("/console/customers/{}", customer_id), said=said)

"""The API key resource, without the key itself."""

from typing import Any

from pydantic import Field

from api.resources.shapes import Moment, Shape
from domain.api_key import Key


class ApiKey(Shape):
    """A key, without the key itself; no scopes listed means full access."""

    id: str = Field(examples=["key_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    name: str = Field(examples=["the website"])
    scopes: list[str] = Field(examples=[["payments:read"]])
    created_at: Moment
    created_by: str | None = Field(
        description="The key or person that asked for it; null: an operator, or it is not known.",
        examples=["key_01hxa2b3c4d5e6f7g8h9jkmnpq"],
    )
    created_by_name: str | None = Field(
        description="What people call that key or person.", examples=["Ama Mensah"]
    )
    last_used_at: Moment | None
    revoked_at: Moment | None


class NewApiKey(ApiKey):
    """``raw`` and ``key`` are the key itself, told this once: a replayed answer has null."""

    raw: str | None = Field(examples=["pfk_test_….…"])
    key: str | None = Field(examples=["pfk_test_….…"])


def api_key_of(key: Key, org_id: str, made_by: str | None) -> dict[str, Any]:
    """``made_by``: the name of whoever asked for it."""
    return ApiKey.of(
        key, id=key.key_id, org_id=org_id, created_by=key.made_by, created_by_name=made_by
    )

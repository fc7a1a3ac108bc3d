"""The organization resource: what it is called, where it is, and what its pages look like."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Moment, Shape
from domain.invoice import DEFAULT_PREFIX
from domain.organization import Organization as OrganizationAggregate


class OrganizationSettings(Shape):
    """What anybody may see who is asked to pay; null where nobody has said it."""

    name: str | None = Field(examples=["Kente Shop"])
    country: str | None = Field(description="ISO 3166.", examples=["GH"])
    time_zone: str | None = Field(description="IANA.", examples=["Africa/Accra"])
    color: str | None = Field(examples=["#0b6b63"])


class Organization(OrganizationSettings):
    """An organization in one mode: what its other mode is set to may be something else."""

    name: str = Field(examples=["Kente Shop"])
    id: str = Field(examples=["org_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    mode: Literal["test", "live"]
    invoice_prefix: str = Field(examples=["INV-"])
    contact_email: str | None = Field(examples=["owner@shop.example"])
    created_at: Moment


def organization_of(organization: OrganizationAggregate) -> dict[str, Any]:
    return Organization.of(
        organization,
        invoice_prefix=organization.invoice_prefix or DEFAULT_PREFIX,
        created_at=organization.founded_at,
    )


def settings_of(organization: OrganizationAggregate) -> dict[str, Any]:
    """What payers see: not what the first start has called it."""
    return organization.settings | {"name": organization.stated_name}

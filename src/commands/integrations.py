"""Integration commands: name through whom messages leave, change it, make it the usual one.

What is needed to log in is sealed before it is recorded, and told to nobody who asks.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field

from commands.fields import ChangingCommand, Command, Metadata, Text
from commands.handling.unit_of_work import UnitOfWork
from commands.receipt_workflows import begin_receipts
from domain.addresses_apart import parted
from domain.errors import Conflict
from domain.integration import INTEGRATION, Access, Integration, IntegrationType
from ledger.keyring import Keyring

MOST_INTEGRATIONS: Final = 100

Name = Annotated[Text, Field(min_length=1)]
Provider = Annotated[Text, Field(min_length=1, pattern=r"^[a-z0-9_]+$", examples=["smtp"])]
Status = Literal["active", "inactive"]


class CreateIntegration(Command):
    """``credentials`` are sealed, and never told again."""

    type: IntegrationType
    provider: Provider
    name: Name | None = None
    config: Metadata = Field(default_factory=dict)
    credentials: Metadata = Field(default_factory=dict)
    is_default: bool = False
    status: Status = "active"


class UpdateIntegration(ChangingCommand):
    """Fields left out stay as they are; ``config`` and ``credentials`` are whole if sent."""

    name: Name | None = None
    config: Metadata | None = None
    credentials: Metadata | None = None
    is_default: bool | None = None
    status: Status | None = None


class TryIntegration(Command):
    """``to``: an email address or a phone number; a notification goes to its own place."""

    to: Text | None = None


class TooManyIntegrations(Conflict):
    code = "too_many_integrations"

    def __init__(self) -> None:
        super().__init__(
            f"there are {MOST_INTEGRATIONS} integrations: remove one of them first",
            limit=MOST_INTEGRATIONS,
        )


async def create_integration(work: UnitOfWork, command: CreateIntegration) -> Integration:
    """The first one of its type is the usual one, and begins receipts: see `receipt_workflows`."""
    if len(await work.owners(INTEGRATION, "")) >= MOST_INTEGRATIONS:
        raise TooManyIntegrations
    integration_id = work.ids.new("int")
    config, personal = parted(command.config)
    access = Access(
        name=command.name or f"{command.provider} {command.type}",
        config=config,
        personal=personal,
        sealed_credentials=_sealed(work, integration_id, command.credentials),
        status=command.status,
    )
    integration = Integration.create(
        integration_id, access, type=command.type, provider=command.provider, now=work.now
    )
    is_first = not await work.owners(INTEGRATION, f"{command.type}\n")
    work.add(integration)
    if command.is_default or is_first:
        await _make_default(work, integration)
    if integration.is_usable:
        await begin_receipts(work, command.type)
    return integration


async def update_integration(
    work: UnitOfWork, integration_id: str, command: UpdateIntegration
) -> Integration:
    integration = await work.load_for_update(Integration, integration_id)
    was_usable = integration.is_usable
    integration.change(_changed(work, integration, command), work.now)
    if integration.is_usable and not was_usable:
        await begin_receipts(work, integration.type)
    if command.is_default:
        await _make_default(work, integration)
    elif command.is_default is False:
        integration.lose_default(work.now)
    return integration


async def make_default_integration(work: UnitOfWork, integration_id: str) -> Integration:
    """It is the one that is meant of its type where a rule names none."""
    integration = await work.load_for_update(Integration, integration_id)
    await _make_default(work, integration)
    return integration


async def note_try(
    work: UnitOfWork, integration_id: str, *, to: str | None, error: str | None
) -> Integration:
    integration = await work.load_for_update(Integration, integration_id)
    integration.note_try(to=to, error=error, now=work.now)
    return integration


async def remove_integration(work: UnitOfWork, integration_id: str) -> None:
    integration = await work.load_for_update(Integration, integration_id)
    integration.remove(work.now)


async def show_integration(work: UnitOfWork, integration_id: str) -> Integration:
    integration = await work.load_recent(Integration, integration_id)
    integration.must_be_there()
    return integration


async def known_integration(work: UnitOfWork, integration_id: str) -> Integration:
    """Also one that was removed."""
    return await work.load_recent(Integration, integration_id)


async def list_integrations(work: UnitOfWork) -> Sequence[Integration]:
    """Newest first."""
    streams = sorted((stream for _, stream in await work.owners(INTEGRATION, "")), reverse=True)
    return [await work.load_recent(Integration, stream) for stream in streams]


def purpose_of(book: str, integration_id: str) -> str:
    """What credentials are sealed for: they open for nothing else."""
    return f"integration credentials {book} {integration_id}"


def credentials_of(keyring: Keyring, book: str, integration: Integration) -> dict[str, Any]:
    """Opened. Raises CannotSealOrOpen."""
    sealed = integration.access["sealed_credentials"]
    if sealed is None:
        return {}
    opened = keyring.open(sealed, purpose=purpose_of(book, integration.id))
    found: dict[str, Any] = orjson.loads(opened)
    return found


async def _make_default(work: UnitOfWork, integration: Integration) -> None:
    """Whoever was it before is it no more."""
    for _, stream in await work.owners(INTEGRATION, f"{integration.type}\n"):
        if stream != integration.id:
            other = await work.load_guarded(Integration, stream)
            other.lose_default(work.now)
    integration.make_default(work.now)


def _changed(work: UnitOfWork, integration: Integration, command: UpdateIntegration) -> Access:
    changes: dict[str, Any] = {}
    if command.name is not None:
        changes["name"] = command.name
    if command.status is not None:
        changes["status"] = command.status
    if command.config is not None:
        changes["config"], changes["personal"] = parted(command.config)
    if command.credentials is not None:
        changes["sealed_credentials"] = _sealed(work, integration.id, command.credentials)
    return {**integration.access, **changes}  # type: ignore[typeddict-item]


def _sealed(work: UnitOfWork, integration_id: str, credentials: dict[str, Any]) -> str | None:
    if not credentials:
        return None
    purpose = purpose_of(work.book, integration_id)
    return work.keyring.seal(orjson.dumps(credentials).decode(), purpose=purpose)

"""Actors: what people call who did something: a key of the organization, a person, a workflow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from api.http.request import ApiRequest
from commands.viewers import ACCOUNTS
from domain.book import Book
from domain.user import User
from domain.workflow_rule import WorkflowRule
from ledger.facts import StoredFact

READS_USERS: Final = "users:read"
READS_WORKFLOWS: Final = "workflows:read"
# What a workflow records names it so.
BY_WORKFLOW: Final = "workflow "


@dataclass(frozen=True)
class Doer:
    """``name``: of the person or the workflow; of a key that named nobody, of the key."""

    actor: str | None
    key_id: str | None
    name: str | None = None


async def names_of(request: ApiRequest, ids: Iterable[str | None]) -> dict[str, str]:
    """By their ids, of keys of the caller's mode, of workflows and people, who may be gone by now.

    Of people to those who are some themselves, and to keys that may read their accounts.
    """
    caller, handler = request.caller, request.dependencies.handler
    tells_people = caller.user is not None or (caller.opens_both and caller.may(READS_USERS))
    keys = caller.organization.keys
    book = str(Book(request.org_id, ACCOUNTS))
    names: dict[str, str] = {}
    for each in filter(None, ids):
        if each in keys:
            names[each] = keys[each].name
        elif each.startswith(BY_WORKFLOW) and caller.may(READS_WORKFLOWS):
            named = each.removeprefix(BY_WORKFLOW)
            rule = await handler.load_recent(WorkflowRule, request.book_name, named)
            names |= {} if rule is None else {each: rule.name}
        elif tells_people and each not in names:
            user = await handler.load_recent(User, book, each)
            names |= {} if user is None else {each: user.name}
    return names


async def doers_of(request: ApiRequest, stored: Sequence[StoredFact]) -> dict[int, Doer]:
    """By the positions of facts, who did it.

    Who asks with a key may say that anybody did it: that is told as they said it, and is nobody
    of ours.
    """
    known = {each.position: orjson.loads(each.context) for each in stored}
    said = {
        position: Doer(context.get("actor"), context.get("key_id"))
        for position, context in known.items()
    }
    names = await names_of(request, {doer.key_id or doer.actor for doer in said.values()})
    return {position: _named(doer, names) for position, doer in said.items()}


def _named(doer: Doer, names: dict[str, str]) -> Doer:
    if doer.key_id is not None and doer.actor is not None:
        return Doer(doer.actor, doer.key_id, doer.actor)
    return Doer(doer.actor, doer.key_id, names.get(doer.key_id or doer.actor or "", doer.actor))

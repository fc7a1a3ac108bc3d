"""Receipt workflows: whoever pays gets a receipt, once there is somebody to send it through.

They begin with the first integration that could send one, that of copies with the first that is
asked for. All are workflows like any other: to be changed, switched off and removed. One that was
there before does not come again.
"""

from hashlib import sha256
from typing import Final

from commands.handling.unit_of_work import UnitOfWork
from domain.workflow_rule import WORKFLOWS, Action, Terms, WorkflowRule
from domain.workflow_triggers import RECEIPT_REQUESTED

_PAID: Final = "Sent to whoever pays and can be reached. Switch it off to send none."
_ASKED: Final = "Sent to whoever paid when a copy is asked for. Switch it off to send none."
_RECEIPTS: Final = {
    "email": ("send_email", "Receipts by email"),
    "sms": ("send_sms", "Receipts by text message"),
}


async def begin_receipts(work: UnitOfWork, type_: str) -> None:
    """Makes the one that sends through an integration of a type, unless there ever was one."""
    if type_ not in _RECEIPTS:
        return
    action_type, name = _RECEIPTS[type_]
    terms = _terms(action_type, name, trigger="payment.success", description=_PAID)
    for rule in await _rules(work):
        if rule.id == _id_of(work, terms) or _sends_receipts(rule, action_type):
            return
    _begin(work, terms)


async def begin_copies(work: UnitOfWork) -> bool:
    """Makes the one that sends copies, unless there ever was one; whether any is in force."""
    terms = _terms(
        "send_email", "Copies of receipts by email", trigger=RECEIPT_REQUESTED, description=_ASKED
    )
    rules = await _rules(work)
    if any(rule.trigger == RECEIPT_REQUESTED and rule.is_in_force for rule in rules):
        return True
    if any(rule.id == _id_of(work, terms) for rule in rules):
        return False
    _begin(work, terms)
    return True


async def _rules(work: UnitOfWork) -> list[WorkflowRule]:
    """All there ever were, as they are when the append is made."""
    return [
        await work.load_guarded(WorkflowRule, stream)
        for _, stream in await work.owners(WORKFLOWS, "")
    ]


def _begin(work: UnitOfWork, terms: Terms) -> None:
    rule = WorkflowRule.create(_id_of(work, terms), terms, enabled=True, now=work.now)
    work.add(rule)


def _id_of(work: UnitOfWork, terms: Terms) -> str:
    """The same for whoever begins it: of two who do at one moment, the second finds it there."""
    digest = sha256(f"{work.book} {terms['name']}".encode()).hexdigest()
    # As old as an id can be: those that somebody made are newer.
    return f"wf_00{digest[:24]}"


def _sends_receipts(rule: WorkflowRule, type_: str) -> bool:
    return rule.trigger != RECEIPT_REQUESTED and any(
        action["type"] == type_ and action["config"].get("receipt") for action in rule.actions
    )


def _terms(action_type: str, name: str, *, trigger: str, description: str) -> Terms:
    action = Action(
        type=action_type,
        integration_id=None,
        template_id=None,
        config={"receipt": True, "transactional": True},
        personal={},
        after=None,
    )
    return Terms(
        name=name,
        description=description,
        trigger=trigger,
        conditions={},
        actions=[action],
        priority=0,
        shadow=False,
    )

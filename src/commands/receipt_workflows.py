"""Receipt workflows: whoever pays gets a receipt, once there is somebody to send it through.

They begin with the first integration that could send one, and are workflows like any other: to be
changed, switched off and removed. One that was there before does not come again.
"""

from typing import Final

from commands.handling.unit_of_work import UnitOfWork
from domain.workflow_rule import WORKFLOWS, Action, Terms, WorkflowRule

_RECEIPTS: Final = {
    "email": ("send_email", "Receipts by email"),
    "sms": ("send_sms", "Receipts by text message"),
}


async def begin_receipts(work: UnitOfWork, type_: str) -> None:
    """Makes the one that sends through an integration of a type, unless there ever was one."""
    if type_ not in _RECEIPTS:
        return
    action_type, name = _RECEIPTS[type_]
    for _, stream in await work.owners(WORKFLOWS, ""):
        rule = await work.load_guarded(WorkflowRule, stream)
        if any(_is_receipt(action, action_type) for action in rule.actions):
            return
    rule = WorkflowRule.create(
        work.ids.new("wf"), _terms(action_type, name), enabled=True, now=work.now
    )
    work.add(rule)


def _is_receipt(action: Action, type_: str) -> bool:
    return action["type"] == type_ and bool(action["config"].get("receipt"))


def _terms(action_type: str, name: str) -> Terms:
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
        description="Sent to whoever pays and can be reached. Switch it off to send none.",
        trigger="payment.success",
        conditions={},
        actions=[action],
        priority=0,
        shadow=False,
    )

"""What rules, templates and integrations allow: what changes nothing is no fact."""

from datetime import UTC, datetime

import pytest

from domain.integration import Access, Integration, IntegrationNotFound
from domain.message_template import MessageTemplate, TemplateNotFound, Words
from domain.workflow_rule import WORKFLOW_RULE, WORKFLOWS, Terms, WorkflowNotFound, WorkflowRule

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TERMS = Terms(
    name="Thanks",
    description=None,
    trigger="payment.success",
    conditions={},
    actions=[],
    priority=0,
    shadow=False,
)
WORDS = Words(type="email", name="Thanks", subject="Thank you", body="It arrived.")
ACCESS = Access(
    name="Our mail server",
    config={"host": "smtp.shop.example"},
    personal={"from": "hello@shop.example"},
    sealed_credentials=None,
    status="active",
)


def rule(*, enabled=True):
    return WorkflowRule.create("wf_1", TERMS, enabled=enabled, now=NOW)


def test_a_rule_that_says_the_same_again_records_nothing():
    told = rule()

    told.change(dict(TERMS), NOW)
    told.enable(NOW)

    assert told.version == 1


def test_each_change_of_a_rule_is_a_version_of_it():
    told = rule()

    told.change({**TERMS, "name": "Thank you"}, NOW)
    told.disable(NOW)

    assert (told.version, told.name, told.is_in_force) == (3, "Thank you", False)


def test_a_rule_that_was_removed_is_there_for_nobody_but_for_what_followed_from_it():
    told = rule()
    assert told.found_by == {(WORKFLOWS, "wf_1"), (WORKFLOW_RULE, "wf_1")}

    told.remove(NOW)

    assert told.found_by == {(WORKFLOWS, "wf_1")}
    assert not told.is_in_force
    with pytest.raises(WorkflowNotFound):
        told.enable(NOW)


def test_a_template_that_was_removed_can_not_be_changed():
    template = MessageTemplate.create("tpl_1", WORDS, now=NOW)
    template.change(dict(WORDS), NOW)
    assert template.version == 1

    template.remove(NOW)

    with pytest.raises(TemplateNotFound):
        template.change({**WORDS, "subject": "Hello"}, NOW)


def test_an_integration_is_usable_while_it_is_active_and_there():
    mail = Integration.create("int_1", ACCESS, type="email", provider="smtp", now=NOW)
    mail.make_default(NOW)
    assert (mail.is_usable, mail.is_default) == (True, True)
    assert mail.config == {"host": "smtp.shop.example", "from": "hello@shop.example"}

    mail.change({**ACCESS, "status": "inactive"}, NOW)
    assert not mail.is_usable
    mail.remove(NOW)

    assert not mail.is_default
    with pytest.raises(IntegrationNotFound):
        mail.make_default(NOW)

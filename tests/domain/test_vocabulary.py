"""Event classes are well formed: the traps of the event library, each held shut."""

import ast
import inspect
import re
import textwrap

import pytest
from eventsourcing.utils import get_topic

from domain import (
    checkout_session,
    console_session,
    customer,
    imported_key,
    integration,
    invoice,
    message_template,
    organization,
    payer_details,
    payment,
    payment_link,
    subscription,
    user,
    webhook_endpoint,
    workflow_rule,
)
from domain.catalogue import AGGREGATES, as_written, facts_of

MODULES = (
    customer,
    payer_details,
    organization,
    imported_key,
    user,
    console_session,
    payment,
    payment_link,
    subscription,
    invoice,
    checkout_session,
    webhook_endpoint,
    workflow_rule,
    message_template,
    integration,
)
# Stored under another name than the one they have now.
RENAMED = {"payer_details.given": "introduction.made"}
FACTS = [fact for aggregate in AGGREGATES for fact in facts_of(aggregate)]


def snake(name):
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_no_two_methods_of_a_class_share_a_name(module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ClassDef):
            names = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
            assert len(names) == len(set(names))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__qualname__)
def test_every_fact_has_a_topic_of_its_own_that_no_module_name_is_part_of(fact):
    assert get_topic(fact) == fact.TOPIC
    named = ".".join(snake(name) for name in fact.__qualname__.split("."))
    assert RENAMED.get(named, named) == fact.TOPIC


def test_no_two_facts_share_a_topic():
    topics = [fact.TOPIC for fact in FACTS]

    assert len(topics) == len(set(topics))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__qualname__)
def test_every_fact_says_what_it_means(fact):
    meaning = as_written(fact).__doc__

    assert not meaning.startswith(f"{fact.__name__}(")
    assert meaning.endswith(".")


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda aggregate: aggregate.__name__)
def test_a_fact_is_evolved_by_one_method_which_is_named_after_it(aggregate):
    tree = ast.parse(textwrap.dedent(inspect.getsource(aggregate)))
    evolving = [
        (decorator.args[0].id, method.name)
        for method in ast.walk(tree)
        if isinstance(method, ast.FunctionDef)
        for decorator in method.decorator_list
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "event"
    ]

    evolved = [fact for fact, _ in evolving]
    assert len(evolved) == len(set(evolved))
    assert set(evolved) <= {fact.__name__ for fact in facts_of(aggregate)}
    assert [method for _, method in evolving] == [f"_on_{snake(fact)}" for fact in evolved]

"""Wording: what the API refuses is said in words, and whatever somebody wrote stays as it is."""

import pytest

from console.wording import about, label_of, refusal_of, sentence_of
from domain.api_key import SCOPES


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("is required", "This is needed."),
        ("String should have at most 255 characters", "This must have at most 255 characters."),
        ("String should have at least 1 character", "This must not be empty."),
        ("Input should be 'api' or 'link'", "This must be 'api' or 'link'."),
        (
            "Input should be 'now'; or Input should be a valid integer",
            "This must be 'now' or must be a number.",
        ),
        ("is not an RFC 3339 date and time", "This must be a date, with a time."),
        (
            "must be a date or an RFC 3339 date and time",
            "This must be a date, such as 2026-11-28, with a time or without.",
        ),
        ("add_tag needs config.tag", "Say which tag."),
        (
            "List should have at least 1 item after validation, not 0",
            "This needs at least one.",
        ),
        (
            "send_email needs a template_id, config.body or config.receipt",
            "Choose one: a template, words of its own, or the receipt.",
        ),
        (
            "names 'my_event.x', which nothing is called",
            "This names 'my_event.x', which nothing is called.",
        ),
        ("no customer cus_my_own", "No customer cus_my_own."),
        ("no delivery dlv_1, or it is old", "No delivery dlv_1, or it is old."),
        ("cannot refund 301 GHS: 300 left", "Cannot refund 301 GHS: 300 left."),
        ("An email address must have an @-sign.", "An email address must have an @-sign."),
    ],
)
def test_a_reason_is_a_sentence_without_names_of_the_api(reason, said):
    assert sentence_of(reason) == said


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("customer_id", "Customer"),
        ("created_after", "Created after"),
        ("rule.actions[0].template_id", "Template"),
        ("tz", "Zone"),
    ],
)
def test_a_field_has_a_name_that_people_use(field, label):
    assert label_of(field) == label


def test_what_stands_beside_no_field_names_it():
    assert about("sort_by", "is required") == "Sort by: is needed."


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_what_a_key_lacks_is_said_by_what_it_would_do(scope):
    does = {"read": "see", "write": "change", "operate": "work on", "export": "take away all data"}

    said = refusal_of(scope)

    assert said.startswith(f"With this key you may not {does[scope.rpartition(':')[2]]} ")
    assert said.endswith(f"the scope {scope}.")

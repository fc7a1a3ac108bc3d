"""What a webhook endpoint allows, and what it remembers."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.webhook_endpoint import Told, WebhookEndpoint
from domain.webhook_endpoint_refusals import WebhookEndpointNotFound

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TOLD = Told(name="default", url="https://shop.example/hooks", events=[], metadata={})


@pytest.fixture
def endpoint():
    endpoint = WebhookEndpoint.register(
        "we_1", TOLD, enabled=True, sealed_secret="first", told_after=None, now=NOW
    )
    endpoint.collect_events()
    return endpoint


def recorded(endpoint):
    return [type(fact).__name__ for fact in endpoint.collect_events()]


def test_what_changes_nothing_is_no_fact(endpoint):
    endpoint.change({"url": TOLD["url"], "events": []}, NOW)
    endpoint.enable(NOW)

    assert recorded(endpoint) == []


def test_a_change_holds_all_of_it(endpoint):
    endpoint.change({"events": ["payment.*"]}, NOW)

    assert endpoint.told == TOLD | {"events": ["payment.*"]}
    assert endpoint.collect_events()[0].url == TOLD["url"]


def test_one_that_is_disabled_keeps_the_reason_it_was_disabled_for(endpoint):
    endpoint.disable("gone", NOW)
    endpoint.disable("by_hand", NOW + DAY)

    assert recorded(endpoint) == ["Disabled"]
    assert (endpoint.disabled_reason, endpoint.disabled_at) == ("gone", NOW)


def test_for_a_day_after_a_rotation_two_secrets_sign(endpoint):
    endpoint.rotate_secret("second", NOW, previous_for=DAY)

    assert endpoint.sealed_secrets(NOW) == ["second", "first"]
    assert endpoint.sealed_secrets(NOW + DAY) == ["second"]


def test_a_secret_that_leaked_stops_to_sign_at_once(endpoint):
    endpoint.rotate_secret("second", NOW, previous_for=timedelta())

    assert endpoint.sealed_secrets(NOW) == ["second"]


def test_where_one_leaked_none_from_before_it_signs_any_more(endpoint):
    endpoint.rotate_secret("second", NOW, previous_for=DAY)
    endpoint.rotate_secret("third", NOW + DAY / 2, previous_for=timedelta())

    assert endpoint.sealed_secrets(NOW + DAY / 2) == ["third"]


def test_however_often_it_is_rotated_ten_secrets_sign_at_most(endpoint):
    for turn in range(30):
        endpoint.rotate_secret(f"secret {turn}", NOW, previous_for=DAY)

    assert endpoint.sealed_secrets(NOW) == [f"secret {turn}" for turn in range(29, 19, -1)]


def test_it_is_warned_of_once_for_each_time_it_fails(endpoint):
    endpoint.warn(NOW, NOW + DAY)
    endpoint.warn(NOW, NOW + 2 * DAY)
    endpoint.warn(NOW + 7 * DAY, NOW + 8 * DAY)

    assert recorded(endpoint) == ["Failing", "Failing"]


def test_one_that_was_removed_is_not_there_and_frees_its_name(endpoint):
    held = endpoint.found_by
    endpoint.remove(NOW)

    assert held == {("webhook_endpoint", "we_1"), ("webhook_endpoint_name", "default")}
    assert endpoint.found_by == frozenset()
    with pytest.raises(WebhookEndpointNotFound):
        endpoint.enable(NOW)

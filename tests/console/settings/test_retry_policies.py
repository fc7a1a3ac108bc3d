"""Retry policies on their page: the usual one, one of a plan, and back."""

from money_console import read, send

PLACE = "/console/settings/retries"


def test_a_policy_is_set_for_a_plan_and_removed_again(console, client):
    assert "Nobody has set one" in read(console, PLACE)

    said = {"plan_id": "gold & silver", "delays": "2h, 7d", "max_retries": "3"}
    assert send(console, PLACE, **said, when_used_up="cancel") == (303, PLACE)

    [policy] = client.get("/v1/policies/retry/list").json()
    assert policy == {
        "plan_id": "gold & silver",
        "delays": ["2h", "7d"],
        "max_retries": 3,
        "when_used_up": "cancel",
        "is_default": False,
    }
    shown = read(console, PLACE)
    assert "gold & silver" in shown
    assert "The subscription is canceled" in shown

    console.post(f"{PLACE}/remove", data={"plan_id": "gold & silver"})

    assert client.get("/v1/policies/retry/list").json() == []


def test_what_is_no_delay_is_said_beside_it(console):
    status, shown = send(console, PLACE, delays="soon")

    assert status == 400
    assert "is not a delay like" in shown

"""What workflows wrote to a customer is an entry of the customer's timeline."""

import pytest
from workflow_parts import do_what_follows

from delivery.messages.results import SendResult
from delivery.workflows.doing import Done, Skipped

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

THANKS = {"type": "send_email", "config": {"subject": "Thanks", "body": "We got {{ money }}."}}
MAIL = {
    "type": "email",
    "provider": "smtp",
    "config": {"host": "smtp.shop.example", "from": "hello@shop.example"},
}
RULE = {"name": "Thanks", "trigger": "payment.created", "actions": [THANKS]}
ORDER = {"currency": "GHS", "customer_id": "ama"}


async def sent(doing):
    """The second one is not to be written to any more; the others are."""
    if doing.circumstances.amount == 2:
        return Skipped("they have withdrawn consent")
    return Done(SendResult("sent"))


@pytest.fixture
def written_to(shop, server):
    """A shop that wrote to somebody, which is only read."""
    if not shop.get("/v1/customers").json()["customers"]:
        write(shop, server.ledger)
    return shop


def write(client, ledger):
    """Three messages followed from three payments; one more only said what it would do."""
    client.post("/v1/customers", json={"external_id": "ama", "email": "ama@shop.example"})
    client.post("/v1/workflows/integrations", json=MAIL).raise_for_status()
    client.post("/v1/workflows/rules", json=RULE).raise_for_status()
    client.post("/v1/workflows/rules", json=RULE | {"shadow": True}).raise_for_status()
    for amount in (1, 2, 3):
        order = ORDER | {"amount": amount}
        client.post("/v1/payments/intents", json=order).raise_for_status()
        do_what_follows(ledger, send_email=sent)


def history(client, **asked):
    path = "/v1/customers/external/ama/history"
    return client.get(path, params=asked).raise_for_status().json()


def test_messages_stand_among_what_happened_newest_first(written_to):
    told = history(written_to)

    entries = told["history"]
    assert [each["type"] for each in entries] == ["message", "payment"] * 3
    assert [each["occurred_at"] for each in entries] == sorted(
        (each["occurred_at"] for each in entries), reverse=True
    )
    assert [each["status"] for each in entries[::2]] == ["sent", "skipped", "sent"]
    assert told["pagination"]["total"] == 6
    assert {each["amount"] for each in entries[::2]} == {None}
    state = written_to.get("/v1/customers/external/ama").json()
    shown = written_to.get(f"/v1/customers/{state['id']}/state").json()
    assert shown["history"] == entries


def test_a_message_leads_to_what_brought_it_about(written_to):
    [message, *_] = history(written_to, types="message")["history"]

    path = f"/v1/workflows/executions/{message['execution_id']}"
    execution = written_to.get(path).raise_for_status().json()
    [action] = written_to.get(f"{path}/actions").json()["actions"]

    assert execution["workflow_id"] == message["source_id"]
    assert (message["description"], action["id"]) == ("email", message["id"])


@pytest.mark.parametrize("types", [[], ["message"], ["message", "payment"], ["payment"]])
def test_page_by_page_it_is_the_same(written_to, types):
    whole = history(written_to, types=types)["history"]

    by_cursor, by_offset, cursor = [], [], {}
    for offset in range(len(whole)):
        page = history(written_to, types=types, limit=1, **cursor)
        by_cursor += page["history"]
        cursor = {"cursor": page["pagination"]["next_cursor"]}
        by_offset += history(written_to, types=types, limit=1, offset=offset)["history"]

    assert by_cursor == by_offset == whole
    assert cursor == {"cursor": None}


def test_of_the_past_only_what_had_been_written_by_then(written_to):
    first = history(written_to, types="message")["history"][-1]

    by_then = history(written_to, types="message", as_of=first["occurred_at"])

    assert [each["id"] for each in by_then["history"]] == [first["id"]]
    assert by_then["pagination"]["total"] == 1


def test_of_a_time_there_is_what_happened_in_it(written_to):
    whole = history(written_to)["history"]
    start, end = whole[4]["occurred_at"], whole[1]["occurred_at"]

    for types in ([], ["message"], ["payment"]):
        between = history(written_to, types=types, **{"from": start, "to": end})
        fitting = [each for each in whole[2:5] if not types or each["type"] in types]
        assert between["history"] == fitting
        assert between["pagination"]["total"] == len(fitting)

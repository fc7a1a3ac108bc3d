"""What was written to a customer stands among what happened to them, on whichever page of it."""

import re

from workflow_parts import do_what_follows

from delivery.messages.results import SendResult
from delivery.workflows.doing import Done, Skipped

MAIL = {
    "type": "email",
    "provider": "smtp",
    "config": {"host": "smtp.shop.example", "from": "hello@shop.example"},
}
THANKS = {"type": "send_email", "config": {"subject": "Thanks", "body": "We got {{ money }}."}}
RULE = {"name": "Thanks", "trigger": "payment.created", "actions": [THANKS]}
PAYMENTS = 24


async def written(doing):
    """The second one is not to be written to any more; the others are."""
    if doing.circumstances.amount == 2:
        return Skipped("they have withdrawn consent")
    return Done(SendResult("sent"))


def entries(page):
    """The ids of the entries, with their titles, in their order."""
    found = re.findall(r'<li class="entry [^"]*" id="entry-([^"]+)">(.*?)</li>', page, re.DOTALL)
    return {name: re.sub("<[^>]+>", " ", text) for name, text in found}


def test_messages_stand_where_they_were_sent_with_their_state(console, client, server):
    ama = client.post("/v1/customers", json={"email": "ama@shop.example"}).json()["id"]
    client.post("/v1/workflows/integrations", json=MAIL).raise_for_status()
    client.post("/v1/workflows/rules", json=RULE).raise_for_status()
    for amount in range(1, PAYMENTS + 1):
        order = {"amount": amount, "currency": "GHS", "customer_id": ama}
        client.post("/v1/payments/intents", json=order).raise_for_status()
        if amount in (1, 2, 4, PAYMENTS - 1):
            do_what_follows(server.ledger, send_email=written)
    told = client.get(f"/v1/customers/{ama}/history?types=message&limit=100").json()["history"]
    assert len(told) == PAYMENTS - 1

    first = console.get(f"/console/customers/{ama}").text
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    second = console.get(onward[1].replace("&amp;", "&")).text

    newest, oldest = entries(first), entries(second)
    messages = [name for name in [*newest, *oldest] if name.startswith("exe_")]
    assert sorted(messages) == sorted(each["id"] for each in told)
    assert next(iter(newest)).isdigit()
    assert [*newest][1].startswith("exe_")
    skipped = next(each for each in told if each["status"] == "skipped")
    assert "Email skipped" in oldest[skipped["id"]]
    assert "Email sent" in newest[told[0]["id"]]
    assert f'href="/console/workflows/executions/{skipped["execution_id"]}"' in second

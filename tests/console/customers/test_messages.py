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


MANY = {"name": "Much thanks", "trigger": "payment.created", "actions": [THANKS] * 20}


def test_no_message_is_left_out_however_many_there_are_between_two_facts(console, client, server):
    ama = client.post("/v1/customers", json={"email": "ama@shop.example"}).json()["id"]
    client.post("/v1/workflows/integrations", json=MAIL).raise_for_status()
    client.post("/v1/workflows/rules", json=MANY).raise_for_status()
    for amount in range(1, 13):
        order = {"amount": amount, "currency": "GHS", "customer_id": ama}
        client.post("/v1/payments/intents", json=order).raise_for_status()
    do_what_follows(server.ledger, send_email=written)
    client.patch(f"/v1/customers/{ama}", json={"name": "Ama Mensah"}).raise_for_status()
    facts = client.get(f"/v1/customers/{ama}/facts?limit=100").json()["facts"]
    told = client.get(f"/v1/customers/{ama}/history?types=message").json()["pagination"]["total"]

    here, pages = f"/console/customers/{ama}", []
    while here:
        page = console.get(here).text
        pages.append(list(entries(page)))
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        here = onward and onward[1].replace("&amp;", "&")
    back = re.search(r'rel="prev" href="([^"]+)"', page)

    seen = [name for each in pages for name in each]
    assert len(seen) == len(set(seen))
    assert len([name for name in seen if name.startswith("exe_")]) == told == 240
    assert [name for name in seen if name.isdigit()] == [str(each["position"]) for each in facts]
    assert [len(each) for each in pages] == [101, 100, 53]
    assert list(entries(console.get(back[1].replace("&amp;", "&")).text)) == pages[0]

"""Signatures: the clients that receivers use accept what is sent."""

import base64
import os
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from reevit.webhooks import WebhookVerificationError, construct_event
from standardwebhooks.webhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError as NotGenuine

from delivery.webhooks.delivery_ids import DeliveryKey, delivery_id, delivery_named
from delivery.webhooks.signatures import reevit_signature, signatures

ULID = "0" * 25 + "1"


def new_secret():
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


def signed(body, *secrets, now=None):
    now = now or datetime.now(UTC)
    return signatures(body, secrets, message_id="evt_1", now=now)


def body_at(moment):
    return orjson.dumps({"event": "payment.updated", "signature_timestamp": moment})


def test_the_known_answer_of_the_contract():
    secret = "whsec_test_2x9aBcDeFgHiJkLmNoPqRsTuVwXyZ012"
    body = (
        b'{"event":"payment.updated","org_id":"org_123",'
        b'"signature_timestamp":"2026-06-13T12:00:00Z","data":{"id":"pay_abc","status":"succeeded"}}'
    )

    assert reevit_signature(body, secret) == (
        "sha256=8fed6e24bd1c97ac5634ec88081a8299107706bf488290513bc3e5c5340e1950"
    )


def test_both_kinds_of_receiver_accept_the_same_delivery():
    secret, body = new_secret(), body_at(datetime.now(UTC))

    headers = signed(body, secret)

    event = construct_event(body, headers["X-Reevit-Signature"], secret)
    assert event["event"] == "payment.updated"
    assert Webhook(secret).verify(body, headers) == event


def test_after_a_rotation_the_standard_header_is_accepted_with_either_secret():
    old, new, body = new_secret(), new_secret(), body_at(datetime.now(UTC))

    headers = signed(body, new, old)

    for secret in (old, new):
        assert Webhook(secret).verify(body, headers)
    assert construct_event(body, headers["X-Reevit-Signature"], new)
    with pytest.raises(WebhookVerificationError):
        construct_event(body, headers["X-Reevit-Signature"], old)


def test_nobody_accepts_another_body_or_another_secret():
    secret, body = new_secret(), body_at(datetime.now(UTC))
    headers = signed(body, secret)

    for other_secret, other_body in ((new_secret(), body), (secret, body + b" ")):
        with pytest.raises(WebhookVerificationError):
            construct_event(other_body, headers["X-Reevit-Signature"], other_secret)
        with pytest.raises(NotGenuine):
            Webhook(other_secret).verify(other_body, headers)


def test_what_was_signed_long_ago_is_not_accepted():
    secret, then = new_secret(), datetime.now(UTC) - timedelta(minutes=6)
    body = body_at(then)

    headers = signed(body, secret, now=then)

    with pytest.raises(NotGenuine):
        Webhook(secret).verify(body, headers)


@pytest.mark.parametrize("cursor", ["live", f"rpl_{ULID}"])
def test_a_delivery_is_found_by_its_id(cursor):
    named = delivery_id(f"we_{ULID}", cursor, 4711)

    assert delivery_named(named) == DeliveryKey(f"we_{ULID}", cursor, 4711)


@pytest.mark.parametrize("name", ["", "evtd_1", f"evt_{ULID}1", f"evtd_{ULID}", f"evtd_{ULID}0"])
def test_what_is_no_delivery_is_not_found(name):
    assert delivery_named(name) is None

"""Logging: no secret and no personal data gets into the log."""

import time

import pytest

from whence.logs import without_secrets


@pytest.mark.parametrize(
    "secret",
    [
        "pfk_test_01k8xyz.s3cr3t-Value_9",
        "pfk_live_01k8xyz.s3cr3t",
        "sk_sandbox_0123456789abcdef",
        "pay_01k8abc_secret_t01k8abc_0123456789abcdef",
        "whsec_MfKQ9r8GKYqrTwjUPD8+LPZIo2L/aLaSw0123456789=",
        "ada@example.com",
        "ada%40example.com",
        "+233501234567",
        "%2B233501234567",
    ],
)
def test_a_secret_is_taken_out_wherever_it_stands(secret):
    entry = without_secrets(
        None, "info", {"event": f"asked with {secret} today", "details": {"values": [secret]}}
    )

    assert secret not in str(entry)
    assert entry["event"] == "asked with … today"


def test_the_password_of_a_database_is_taken_out():
    entry = without_secrets(
        None, "error", {"event": "no answer from postgresql://whence:hunter2@host/ledger"}
    )

    assert entry["event"] == "no answer from postgresql://…@host/ledger"


def test_what_is_no_secret_stays():
    entry = without_secrets(None, "info", {"event": "started", "port": 8080, "book": "org_1/test"})

    assert entry == {"event": "started", "port": 8080, "book": "org_1/test"}


def test_a_long_text_without_secrets_costs_little():
    began = time.perf_counter()

    without_secrets(None, "error", {"event": "a" * 200_000 + "@", "more": "+" + "b" * 200_000})

    assert time.perf_counter() - began < 2

"""What cannot be done now is one line in the log, now and then; a fault of ours is told whole."""

import httpx
import structlog

from api.http.errors import server_error
from api.http.failures import FailureLog, answer_to
from ledger.errors import LedgerUnavailable, StoreFull


def test_what_cannot_be_done_now_is_one_line_however_many_ask(new_server, log):
    server = new_server()
    headers = {"X-Reevit-Key": server.found("Ama's shop").keys["test"]}
    httpx.get(f"{server.url}/v1/customers", headers=headers)

    server.ledger.close()
    for _ in range(20):
        httpx.post(f"{server.url}/v1/customers", headers=headers)

    [said] = [entry for entry in log if entry["event"] == "unavailable"]
    assert (said["log_level"], said["code"]) == ("warning", "ledger_unavailable")
    assert "exc_info" not in said
    assert "request_failed" not in {entry["event"] for entry in log}


def test_the_next_line_says_how_many_there_were_since(monkeypatch, log):
    failures_said = FailureLog(structlog.get_logger("tests"))
    away = LedgerUnavailable("away")

    for _ in range(3):
        failures_said.note(away, answer_to(away), "req_1")
    monkeypatch.setattr("ledger.sampling.SAID_EVERY_SECONDS", 0)
    failures_said.note(away, answer_to(away), "req_2")

    assert [entry["requests"] for entry in log] == [1, 3]


def test_a_fault_of_ours_is_logged_each_time(log):
    failures_said = FailureLog(structlog.get_logger("tests"))

    for _ in range(3):
        failures_said.note(RuntimeError(), server_error(), "req_1")

    assert [entry["event"] for entry in log] == ["request_failed"] * 3


def test_a_full_disk_is_said_to_whoever_asks():
    answer = answer_to(StoreFull())

    assert (answer.status, answer.code) == (503, "ledger_unavailable")
    assert answer.body()["details"] == {"reason": "disk_full"}
    assert "disk" in answer.message
    assert int(answer.headers["Retry-After"]) > 0

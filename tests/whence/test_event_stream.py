"""The stream of events in processes: it ends when the service stops, and hears of the others."""

import http.client
import json
import signal
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def streaming(service, key):
    """The lines of a stream that has begun."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)
    connection.request("GET", "/v1/events/stream", headers={"X-Reevit-Key": key})
    answer = connection.getresponse()
    assert answer.status == 200
    answer.readline()
    yield answer
    connection.close()


def register(service, key):
    request = urllib.request.Request(  # noqa: S310 (our own server)
        f"{service.url}/v1/customers",
        data=b"{}",
        headers={"X-Reevit-Key": key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own server)
        return json.load(answer)["id"]


def next_event(lines):
    for line in lines:
        if line.startswith(b"data: "):
            return json.loads(line.removeprefix(b"data: "))
    return None


def test_a_service_that_stops_waits_for_nobody_who_reads_a_stream(start):
    service = start("serve", WHENCE_SHUTDOWN_SECONDS="3600")
    key = service.key()

    with streaming(service, key) as lines:
        register(service, key)
        assert next_event(lines) is not None
        code = service.stopped(signal.SIGTERM)
        assert next_event(lines) is None

    assert code == 0, service.output
    assert "Traceback" not in service.output


def test_a_stream_tells_what_another_process_recorded(start, postgresql_url):
    first = start("serve", WHENCE_DATABASE_URL=postgresql_url)
    key = first.key()
    second = start("serve", WHENCE_DATABASE_URL=postgresql_url)

    with streaming(first, key) as lines:
        customer_id = register(second, key)

        assert next_event(lines)["data"]["id"] == customer_id

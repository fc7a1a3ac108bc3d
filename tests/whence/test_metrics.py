"""What is measured is told cheaply, to whoever may know it."""

import httpx

from whence.metrics import Metrics

ROUTES = 150


def test_a_route_costs_a_line_for_each_status_and_one_for_its_time():
    metrics = Metrics()
    before = metrics.text().count(b"\n")

    for number in range(ROUTES):
        for status in (200, 404):
            metrics.observe(f"/v1/things/{number}", "GET", status, 0.002)

    histogram = 16
    assert metrics.text().count(b"\n") <= before + 3 * ROUTES + histogram


def test_what_was_answered_is_told_by_route_and_status_and_how_long_it_took():
    metrics = Metrics()

    for seconds in (0.0005, 0.02, 7):
        metrics.observe("/v1/payments", "GET", 200, seconds)

    told = metrics.text().decode()
    series = 'method="GET",route="/v1/payments"'
    assert f'whence_requests_total{{{series},status="200"}} 3.0' in told
    assert f"whence_route_seconds_total{{{series}}} 7.0205" in told
    assert 'whence_request_seconds_bucket{le="0.001",method="GET"} 1.0' in told
    assert 'whence_request_seconds_bucket{le="0.025",method="GET"} 2.0' in told
    assert 'whence_request_seconds_bucket{le="5.0",method="GET"} 2.0' in told
    assert 'whence_request_seconds_bucket{le="+Inf",method="GET"} 3.0' in told
    assert 'whence_request_seconds_count{method="GET"} 3.0' in told
    assert 'whence_request_seconds_sum{method="GET"} 7.0205' in told


def test_strangers_name_no_series_and_are_told_none_where_a_token_is_set(start):
    service = start("serve", WHENCE_METRICS_TOKEN="scrape-me", WHENCE_RATE_LIMIT_PUBLIC="off")
    service.answer("/healthz")
    refused_routes = [
        f"{service.url}/v1/{path}" for path in ("customers", "payments", "invoices", "api-keys")
    ]

    statuses = [httpx.get(route).status_code for route in refused_routes]
    nobody = httpx.get(f"{service.url}/metrics")
    wrong = httpx.get(f"{service.url}/metrics", headers={"Authorization": "Bearer scrape"})
    told = httpx.get(f"{service.url}/metrics", headers={"Authorization": "Bearer scrape-me"})

    assert statuses == [401, 401, 401, 401]
    assert (nobody.status_code, wrong.status_code, told.status_code) == (401, 401, 200)
    assert nobody.json()["code"] == "unauthorized"
    assert 'whence_requests_total{method="GET",route="refused",status="401"} 6.0' in told.text
    assert "/v1/customers" not in told.text

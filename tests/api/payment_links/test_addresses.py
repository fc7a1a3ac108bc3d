"""The address of a link: where it leads, and who finds the link by something else."""

import pytest

SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}
HOSTILE = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "host=evil.example;proto=ftp",
    "X-Forwarded-Proto": "https",
}


def new_key(client, *scopes):
    return client.post("/v1/api-keys", json={"name": "a key", "scopes": scopes}).json()["raw"]


def test_a_link_leads_to_where_the_service_listens_whatever_a_header_says(client, merchant):
    made = client.post("/v1/payment-links", json=SUMMER, headers=HOSTILE).json()
    listed = client.get("/v1/payment-links", headers=HOSTILE).json()["payment_links"]
    shown = client.get(f"/v1/payment-links/{made['id']}", headers=HOSTILE).json()
    public = client.get(f"/v1/pay/{made['code']}", headers=HOSTILE).json()

    assert made["url"] == f"{merchant.server.url}/pay/{made['code']}"
    assert {each["url"] for each in (*listed, shown, public)} == {made["url"]}


def test_a_link_leads_to_where_the_service_was_said_to_be(new_server, stranger):
    server = new_server(public_url="https://pay.shop.example")
    headers = {"X-Reevit-Key": server.found("Ama").keys["test"]} | HOSTILE

    made = stranger.post(f"{server.url}/v1/payment-links", json=SUMMER, headers=headers).json()

    assert made["url"] == f"https://pay.shop.example/pay/{made['code']}"


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/pay/{}"), ("POST", "/v1/pay/{}/pay")])
def test_a_key_that_may_not_read_links_finds_them_as_somebody_without_a_key(
    client, merchant, stranger, method, path
):
    """By its code anybody; by its id only who is told the codes as well."""
    link = client.post("/v1/payment-links", json=SUMMER).json()
    by_id, by_code = path.format(link["id"]), path.format(link["code"])
    with merchant.client(new_key(client, "payments:read")) as payments_only:
        for found_by in (by_id, path.format("pl_nobody")):
            refused = payments_only.request(method, found_by)
            assert (refused.status_code, refused.json()["code"]) == (404, "payment_link_not_found")
            assert refused.text == stranger.request(method, found_by).text
        assert payments_only.request(method, by_code).is_success
    with merchant.client(new_key(client, "payment_links:read")) as reader:
        assert reader.request(method, by_id).is_success

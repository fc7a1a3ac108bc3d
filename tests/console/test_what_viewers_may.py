"""What viewers may: nobody finds a form or a link in the console that is then refused to them."""

import html
import json
import re
from contextlib import contextmanager
from urllib.parse import urljoin

import pytest
from console_browser import browser_at, signed_in
from console_walk import kind_of, walk
from lived_in import ama, go_on, lived_in
from nonsense import read

from domain.api_key import SCOPES

pytestmark = pytest.mark.takes_long

LINK = re.compile(r'(?:href|hx-get)="(/console[^"#]*)"')
SAID = re.compile(
    "(With this key|As support|As finance) you may not (see|change|work on|delete) \\w"
)
# Whoever looks may do these; they end, or turn, what the others are looked at with.
THEIR_OWN = ("/console/logout", "/console/mode", "/console/settings/sessions")
READS = sorted(each for each in SCOPES if each.endswith(":read"))
KEYS = {
    "a key that reads": READS,
    "a key of payments": ["payments:read", "payments:write"],
    "a key of customers": [
        f"{each}:read" for each in ("customers", "subscriptions", "webhooks", "payment_links")
    ],
    "a key of invoices": ["invoices:read", "workflows:read"],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with lived_in(tmp_path_factory.mktemp("shop"), customers=20, payments=120) as shop:
        go_on(shop)
        ama(shop)
        yield shop


@pytest.fixture(scope="module")
def addresses(shop):
    """A page of every kind, as somebody finds it who may do everything."""
    with signed_in(shop.url, shop.key) as browser:
        return [*walk(browser).pages.values()]


@pytest.fixture(scope="module", params=[*KEYS, "support", "finance"])
def viewer(request, shop):
    signing_in = with_a_key if request.param in KEYS else with_a_role
    with signing_in(shop, request.param) as browser:
        yield browser


def with_a_key(shop, name):
    made = shop.do("/v1/api-keys", name=name, scopes=KEYS[name])
    return signed_in(shop.url, made["key"])


@contextmanager
def with_a_role(shop, role):
    email = f"{role}@shop.example"
    added = shop.server.whence("users", "add", email, "--role", role, "--json")
    assert added.returncode == 0, added.stderr
    org_id = shop.ask("/v1/organization")["id"]
    password = json.loads(added.stdout)["password"]
    with browser_at(shop.url) as browser:
        said = {"organization": org_id, "email": email, "password": password}
        assert browser.post("/console/login", data=said).status_code == 303
        assert browser.post("/console/mode", data={"mode": "test"}).status_code == 303
        yield browser


@pytest.fixture(scope="module")
def answers(viewer, addresses):
    """What each of the pages is for them."""
    return {address: viewer.get(address) for address in addresses}


def test_no_form_and_no_link_of_a_page_is_refused(viewer, answers):
    links, forms = {}, {}
    for address, answer in answers.items():
        if answer.status_code == 200:
            for each in map(html.unescape, LINK.findall(answer.text)):
                links.setdefault((kind_of(address), kind_of(each)), each)
            for form in read(answer.text).forms:
                kind = (form.method, kind_of(urljoin(address, form.action)), *form.fixed)
                forms.setdefault(kind, (address, form))

    no_entry = {each for each in {*links.values()} if viewer.get(each).status_code == 403}
    refused = {kinds for kinds, each in links.items() if each in no_entry}
    for address, form in forms.values():
        action = urljoin(address, form.action)
        if form.method == "post" and not action.startswith(THEIR_OWN):
            answer = viewer.post(action, data=form.fixed | dict.fromkeys(form.written, ""))
            refused |= {(kind_of(address), kind_of(action))} if answer.status_code == 403 else set()

    assert refused == set()


def test_what_may_not_be_done_is_said_in_words(answers):
    refused = [each for each in answers.values() if each.status_code == 403]

    assert refused
    assert not [each.url for each in refused if "Ask whoever gave you" not in each.text]
    assert not [each.url for each in refused if not SAID.search(each.text)]


def test_nobody_is_asked_to_begin_with_what_they_may_not_do(merchant):
    with merchant.client() as client:
        key = client.post("/v1/api-keys", json={"name": "reads", "scopes": READS}).json()["key"]
    with signed_in(merchant.server.url, key) as browser:
        walked = walk(browser)

    assert walked.nowhere == {}
    assert not [each for each in walked.pages if each.endswith("/new")]

"""Looks at a pay page: which are views, and how many facts they are."""

from datetime import timedelta

import httpx
import pytest
from manual_clock import ManualClock

from projections.engine.time_travel.reader import PastReader
from projections.read_models import DEFINITIONS

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Safari/537.36"
)
PEOPLE = {
    "a browser": CHROME,
    "a telephone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "a browser inside an app": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/450.0]",
    "a telephone called CUBOT": "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/96 Mobile Safari/537.36",
    "a feature phone": "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423",
    "the merchant's own app": "okhttp/4.12.0",
    "the merchant's own page": "python-requests/2.32",
}
ROBOTS = {
    "WhatsApp": "WhatsApp/2.23.20.0 A",
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Telegram": "TelegramBot (like TwitterBot)",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Discord": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "iMessage": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like "
    "Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Skype": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "LinkedIn": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +linkedin.com)",
    "Bluesky": "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "Google Messages": f"{CHROME} Google-MessagesLinkPreview",
    "Googlebot": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "GPTBot": "Mozilla/5.0; compatible; GPTBot/1.2; +https://openai.com/gptbot",
    "a monitor": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "a driven browser": CHROME.replace("Chrome", "HeadlessChrome"),
}


@pytest.fixture
def clock():
    """That of the servers a test starts; all others go by the machine's."""
    return ManualClock()


@pytest.fixture
def link(client):
    return client.post("/v1/payment-links", json=SUMMER).json()


@pytest.fixture
def views(client, link):
    def views():
        return client.get(f"/v1/payment-links/{link['id']}/stats").json()["views"]

    return views


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("page", ["/pay", "/v1/pay"])
def test_a_look_of_somebody_is_a_view(stranger, link, views, page, who):
    looked = stranger.get(f"{page}/{link['code']}", headers={"User-Agent": PEOPLE[who]})

    assert looked.status_code == 200
    assert views() == 1


@pytest.mark.parametrize("who", ROBOTS)
@pytest.mark.parametrize("page", ["/pay", "/v1/pay"])
def test_a_robot_is_shown_the_page_and_is_no_view(stranger, link, views, page, who):
    looked = stranger.get(f"{page}/{link['code']}", headers={"User-Agent": ROBOTS[who]})

    assert looked.status_code == 200
    assert views() == 0


@pytest.mark.parametrize(
    "ahead",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Purpose": "preview"},
        {"X-Moz": "prefetch"},
    ],
    ids=str,
)
def test_a_page_that_is_fetched_before_anybody_wants_it_is_no_view(stranger, link, views, ahead):
    looked = stranger.get(f"/pay/{link['code']}", headers={"User-Agent": CHROME, **ahead})

    assert looked.status_code == 200
    assert views() == 0


def test_whoever_asks_for_the_head_only_has_seen_nothing(stranger, link, views):
    stranger.head(f"/pay/{link['code']}", headers={"User-Agent": CHROME})

    assert views() == 0


@on_both_databases
def test_thirty_looks_in_a_minute_are_one_fact_and_leave_the_past_on(new_server, clock):
    server = new_server()
    with PastReader(server.ledger, DEFINITIONS, most_facts=12, most_bytes=2**20) as past:
        small = new_server(past=past)
        shop = small.found("Ama's shop")
        headers = {"X-Reevit-Key": shop.keys["test"]}
        with httpx.Client(base_url=small.url, headers=headers) as client:
            link = client.post("/v1/payment-links", json=SUMMER).json()
            asked = f"/v1/payment-links/{link['id']}/stats"

            for _ in range(30):
                httpx.get(f"{small.url}/pay/{link['code']}", headers={"User-Agent": CHROME})

            told = client.get(asked, params={"as_of": clock.now.isoformat()})

    assert (told.status_code, told.json().get("views")) == (200, 1)


@on_both_databases
def test_all_looks_are_told_when_the_minute_is_over(new_server, clock):
    server = new_server()
    shop = server.found("Ama's shop")
    with httpx.Client(base_url=server.url, headers={"X-Reevit-Key": shop.keys["test"]}) as client:
        link = client.post("/v1/payment-links", json=SUMMER).json()
        for _ in range(30):
            httpx.get(f"{server.url}/pay/{link['code']}", headers={"User-Agent": CHROME})

        clock.now += timedelta(minutes=1)
        server.parts.link_views.record_due()

        assert client.get(f"/v1/payment-links/{link['id']}/stats").json()["views"] == 30

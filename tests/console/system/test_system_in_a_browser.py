"""The page System in a real browser: who is alive is shown as it changes."""

from ledger.processes import Presence


def test_who_is_alive_is_shown_though_nothing_is_recorded(page, server):
    def seen(kind):
        Presence(server.ledger.engine, kind=kind, release="0.3.0", duties=tuple).renew()

    seen("project")
    page.goto(f"{server.url}/console/system")
    page.locator("th", has_text="whence project").wait_for()

    seen("bill")

    page.locator("th", has_text="whence bill").wait_for()

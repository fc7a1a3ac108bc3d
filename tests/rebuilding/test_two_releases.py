"""A release with other views builds its own, beside those of the release before it."""

import json

import httpx2
from generations import building, serving_number, states
from waiting import awaited


def test_a_release_with_other_views_builds_its_own_and_says_so_meanwhile(
    this_release, held_release, held, merchant
):
    this_release.start()
    merchant.sell(this_release)
    held_release.start()

    awaited(lambda: merchant.ask(held_release).json()["details"]["facts"] > 0)
    told = merchant.ask(held_release)
    merchant.sell(held_release)
    ready = httpx2.get(f"{held_release.url}/readyz")
    old = merchant.payments(this_release)

    assert (told.status_code, told.json()["code"]) == (503, "views_rebuilding")
    assert 0 < told.json()["details"]["facts"] < told.json()["details"]["total"]
    assert int(told.headers["Retry-After"]) > 0
    assert (ready.status_code, ready.json()["views"]["state"]) == (200, "rebuilding")
    assert old == 2
    held.unlink()
    awaited(lambda: merchant.ask(held_release).status_code == 200)
    merchant.sell(this_release)
    merchant.sell(held_release)
    assert merchant.payments(held_release) == merchant.payments(this_release) == 4
    for release in (this_release, held_release):
        assert release.whence("verify").returncode == 0


def test_two_releases_leave_each_others_views_alone(
    this_release, next_release, held_release, held, merchant
):
    this_release.start()
    merchant.sell(this_release)
    rebuilding = held_release.begin("rebuild")
    awaited(lambda: building(this_release))

    assert this_release.whence("rebuild").returncode == 0
    assert len(building(this_release)) == 1
    held.unlink()
    assert rebuilding.wait(60) == 0
    assert next_release.whence("rebuild").returncode == 0

    assert sorted(states(this_release).values()) == ["kept", "kept", "serving", "serving"]
    assert merchant.payments(this_release) == 1
    for release in (this_release, next_release):
        assert release.whence("verify").returncode == 0


def test_the_views_of_another_release_can_neither_serve_nor_go_unasked(this_release, next_release):
    assert next_release.whence("db", "upgrade").returncode == 0
    assert next_release.whence("rebuild").returncode == 0
    theirs = serving_number(next_release)
    assert this_release.whence("rebuild").returncode == 0

    switched = this_release.whence("generations", "switch", str(theirs))
    dropped = this_release.whence("generations", "drop", str(theirs))
    surely_dropped = this_release.whence("generations", "drop", str(theirs), "--unused")

    assert (switched.returncode, dropped.returncode, surely_dropped.returncode) == (1, 1, 0)
    assert f"no generation {theirs}" in switched.stderr
    assert f"generation {theirs} serves" in dropped.stderr
    assert theirs not in states(this_release)
    assert json.loads(this_release.whence("verify", "--json").stdout)["sound"]

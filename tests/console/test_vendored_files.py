"""What others made: one file each, byte for byte what they published, with their licences."""

import hashlib
from importlib.resources import files

import pytest
from axe import FILE

ASSETS = files("console") / "assets"
SHA256 = {
    "htmx-4.0.1.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "uplot-1.6.32.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uplot-1.6.32.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}


@pytest.mark.parametrize("name", SHA256)
def test_a_file_of_others_is_as_they_published_it(name):
    assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == SHA256[name]


@pytest.mark.parametrize("name", SHA256)
def test_a_file_of_others_has_its_licence_beside_it(name):
    assert name in (ASSETS / "licenses.txt").read_text("utf-8")


def test_every_asset_is_ours_or_named():
    assert {each.name for each in ASSETS.iterdir()} == {
        *SHA256,
        "console.css",
        "console.js",
        "live.js",
        "search.js",
        "licenses.txt",
    }


def test_the_judge_of_every_page_is_as_its_makers_published_it():
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == (
        "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
    )
    assert "Mozilla Public License" in FILE.with_name("axe-core-LICENSE.txt").read_text("utf-8")

"""What is installed is what was locked: every dependency, in one version, known by its hashes."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())


def locked(name: str) -> dict[str, set[str]]:
    """The versions of each package in a lock."""
    versions: dict[str, set[str]] = {}
    for package, version in re.findall(
        r"^([\w-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE
    ):
        versions.setdefault(package, set()).add(version)
    return versions


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements.lock", DECLARED["project"]["dependencies"]),
        ("requirements.lock", DECLARED["dependency-groups"]["build"]),
        ("requirements-dev.lock", DECLARED["dependency-groups"]["dev"]),
    ],
    ids=["running", "building", "testing"],
)
def test_every_dependency_is_locked(lock, requirements):
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}

    assert names <= set(locked(lock))


def test_what_tests_need_changes_nothing_that_runs():
    running, testing = locked("requirements.lock"), locked("requirements-dev.lock")

    assert {name: testing[name] for name in running.keys() & testing.keys()} == {
        name: running[name] for name in running.keys() & testing.keys()
    }


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_version_is_known_by_its_hashes_wherever_it_comes_from(lock):
    text = (ROOT / lock).read_text()

    assert len(re.findall(r"^\S+==.* \\\n    --hash=sha256:", text, re.MULTILINE)) == len(
        re.findall(r"^\S+==", text, re.MULTILINE)
    )
    assert "://" not in text

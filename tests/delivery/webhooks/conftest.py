import pytest
from deliverer import opened
from receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def shop(database_url, views_wanted, tmp_path):  # noqa: ARG001 (told)
    with opened(database_url, tmp_path) as shop:
        yield shop


@pytest.fixture
def elsewhere(tmp_path):
    """Another store, with nothing in it."""
    folder = tmp_path / "elsewhere"
    with opened(f"sqlite:///{folder / 'ledger.db'}", folder) as shop:
        yield shop

"""Whoever pays by a link."""

from collections.abc import Iterator

import httpx
import pytest
from api_server import Merchant


@pytest.fixture
def payer(merchant: Merchant) -> Iterator[httpx.Client]:
    """A browser without scripts in which nobody is signed in."""
    with httpx.Client(base_url=merchant.server.url, follow_redirects=True, timeout=30) as payer:
        yield payer

"""How moments and places in a list are written."""

from datetime import UTC, datetime
from typing import Any


def moment(at: datetime | None) -> str | None:
    """RFC 3339 with Z, microseconds only when there are any; from an aware datetime."""
    if at is None:
        return None
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat().removesuffix("+00:00") + "Z"


def pagination(
    *, total: int | None, total_is_exact: bool, limit: int, offset: int, next_cursor: str | None
) -> dict[str, Any]:
    return {
        "total": total,
        "total_is_exact": total_is_exact,
        "limit": limit,
        "offset": offset,
        "next_cursor": next_cursor,
    }

"""Connection refusals: what is answered to whoever has not asked anything that can be read."""

from api.http.errors import ApiError, Unavailable


def url_too_long(longest_bytes: int) -> ApiError:
    return ApiError(
        414,
        "uri_too_long",
        "uri_too_long",
        f"the address is longer than {longest_bytes} bytes",
        {"limit": longest_bytes},
    )


def header_too_large(largest_bytes: int) -> ApiError:
    return ApiError(
        431,
        "header_too_large",
        "header_too_large",
        f"the header is larger than {largest_bytes} bytes",
        {"limit": largest_bytes},
    )


def too_slow() -> ApiError:
    return ApiError(408, "request_too_slow", "request_too_slow", "the request came too slowly")


def malformed(reason: str) -> ApiError:
    return ApiError(400, "bad_request", "bad_request", reason)


def no_place() -> ApiError:
    return Unavailable("too_many_connections", "too many are being served: try again in a moment")

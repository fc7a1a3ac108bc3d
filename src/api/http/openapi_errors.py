"""Error statuses in the OpenAPI document: what each means, and an example."""

# What an error with this status means; its category, code and message in one case.
SENTENCES = {
    "400": "What was sent cannot be read, is not allowed, or not in this state",
    "401": "No API key, or not a good one",
    "403": "The key may not do this",
    "404": "There is no such thing",
    "405": "This path does not know this method",
    "409": "Somebody else has it, or the idempotency key was used for something else",
    "410": "It was there for everybody, and is not any more: the code says why",
    "413": "The body is larger than 1 MiB, or 64 KiB where no key is needed",
    "414": "The address is longer than 8,192 bytes",
    "429": "Too many requests",
    "500": "Something went wrong on our side",
    "502": "Somebody else was asked, and did not answer as they should",
    "503": "Not now: see Retry-After",
}
ERRORS = {
    "400": ("validation_error", "missing_required_field", "amount: is required"),
    "401": ("unauthorized", "invalid_api_key", "this is not an API key of ours"),
    "403": ("forbidden", "insufficient_scope", "this key lacks the scope customers:write"),
    "404": ("not_found", "not_found", "there is nothing at /v1/nothing"),
    "405": ("method_not_allowed", "method_not_allowed", "PUT is not allowed here"),
    "409": (
        "conflict",
        "idempotency_conflict",
        "this idempotency key was used with another body",
    ),
    "410": ("gone", "payment_link_inactive", "this payment link is switched off"),
    "413": ("payload_too_large", "payload_too_large", "the body is larger than 1048576 bytes"),
    "414": ("uri_too_long", "uri_too_long", "the request line is too long"),
    "429": ("rate_limited", "rate_limit_exceeded", "too many requests: try again in 12 s"),
    "500": ("server_error", "server_error", "something went wrong on our side"),
    "502": (
        "delivery_failed",
        "webhook_delivery_failed",
        "it answered 401: usually a wrong secret: is it the one of this endpoint?",
    ),
    "503": ("unavailable", "views_rebuilding", "the views are being rebuilt: 40 %"),
}

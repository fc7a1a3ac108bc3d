"""Delivery: telling others what happened: webhooks, the event feed, messages. Never replayed."""

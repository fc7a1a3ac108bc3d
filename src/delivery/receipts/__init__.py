"""Receipts: what somebody who paid keeps, the same for ever, from facts alone."""

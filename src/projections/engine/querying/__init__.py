"""Querying: keyset pages, conditions, candidate lookup, and lists with the newest first."""

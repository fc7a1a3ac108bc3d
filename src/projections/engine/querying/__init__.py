"""Querying: keyset pages, candidate lookup, and lists with the newest first."""

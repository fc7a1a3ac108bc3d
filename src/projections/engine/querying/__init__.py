"""Querying: keyset pages, conditions, records, candidate lookup, and lists newest first."""

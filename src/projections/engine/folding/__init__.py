"""Folding facts into rows: tables, merges, changes, upserts, derived tables, checkpoints."""

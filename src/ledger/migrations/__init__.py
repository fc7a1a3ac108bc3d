"""The ledger's schema, step by step; `ledger.database.upgrade` runs them."""

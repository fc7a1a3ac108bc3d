"""HTTP API: commands and queries."""

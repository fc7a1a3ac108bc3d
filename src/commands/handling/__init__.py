"""Command handling: load, decide, append, again when somebody was faster. Knows no subject."""

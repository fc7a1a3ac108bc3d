"""Commands: every decision the outside world may ask for: load, decide, append."""

"""Every decision the outside world may ask for: load, decide, append."""

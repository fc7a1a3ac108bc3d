"""Archive of a customer: all that is kept of one person, for whoever asks to see it."""

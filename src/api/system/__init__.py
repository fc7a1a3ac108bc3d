"""The store and the service as such: how they are, and what may be done about it."""

"""The overview: how a book does in a span of time, and what waits for somebody."""

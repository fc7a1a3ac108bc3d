"""Time travel: snapshots of a book's views as of a moment, and their cache."""

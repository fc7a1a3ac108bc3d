"""The routes of customers: commands, queries, history, and what only they need."""

"""Webhooks over HTTP: endpoints, what they were told, and what is told again."""

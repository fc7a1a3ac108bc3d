"""Workflows: what follows when something happens, once."""

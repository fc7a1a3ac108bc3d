"""Rebuilding: bulk loading a new generation, quarantine, and verification against the facts."""

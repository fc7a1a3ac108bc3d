"""Signing in to the console, and out of it; who is signed in, and what is kept from whom."""

"""Webhooks: endpoints of merchants are told what happened, in order for each customer."""

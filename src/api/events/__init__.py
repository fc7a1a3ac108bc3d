"""The routes of events: the feed, and its stream."""

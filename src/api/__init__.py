"""HTTP in, HTTP out: the command API and the query API."""

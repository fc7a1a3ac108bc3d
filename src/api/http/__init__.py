"""HTTP plumbing: requests, routing, parsing, errors, authentication, limits. Knows no subject."""

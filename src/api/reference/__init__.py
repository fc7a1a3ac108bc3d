"""The reference: the OpenAPI document for programs, and the page that shows it to people."""

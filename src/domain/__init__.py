"""What can happen and what is allowed: pure rules, no database, no web, no clock of their own."""

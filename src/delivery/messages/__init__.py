"""Messages: emails, text messages and notifications, what they say and how they are sent."""

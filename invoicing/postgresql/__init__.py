"""Django's PostgreSQL, without a question before each request."""

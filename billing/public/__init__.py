"""What a customer opens without a login: the page of a link, and what hangs on it."""

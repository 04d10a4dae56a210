"""The programming interfaces of others through which text messages and letters leave."""

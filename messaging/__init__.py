"""What leaves to a person."""

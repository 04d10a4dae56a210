"""What leaves to a program."""

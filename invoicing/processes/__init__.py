"""The processes of a running server: their command lines, the supervisor behind `make run`, and its first words."""

"""What the world sees: one representation per noun, as a lean function of rows, and its schema beside it."""

"""The game of forced choice: its rounds and questions."""

"""Images that move: what nets answer on the way, what their layers do, and how often nets are right."""

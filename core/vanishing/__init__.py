"""Small recurrent nets of one size on tasks with a gap in time, and how the influence of an input vanishes over it."""

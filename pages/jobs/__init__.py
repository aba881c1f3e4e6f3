"""Long work: the scheduler, and the buttons that start and cancel it."""

"""Three small recurrent nets that are trained side by side, and how their gradients vanish over time."""

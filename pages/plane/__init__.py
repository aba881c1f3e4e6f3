"""What the page XOR is built of: points in the plane, a small net that learns them, and what can be said exactly."""

"""Small nets on points in the plane: trained live, and what can be said of them exactly."""

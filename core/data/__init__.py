"""What goes into the nets: data sets, and drawings made into inputs."""

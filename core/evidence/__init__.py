"""What becomes of the claims about depth: measures of every net, their controls, and a verdict by a rule."""

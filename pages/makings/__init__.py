"""The techniques of the studio, a part of the page each."""

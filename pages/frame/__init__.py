"""What every page stands in: the navigation, the link, clicks, sentences, the look."""

"""Pictures that a net makes from a photo or a digit: each technique is a use of the one ascent, or Captum's."""

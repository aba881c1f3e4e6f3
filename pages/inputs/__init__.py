"""What a visitor chooses or brings: nets and weights, a drawing, a test image, a photo."""

"""What a recurrent net keeps of what it has read: of one digit, row by row, and over many images and nets."""

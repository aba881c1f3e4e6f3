"""What a recurrent net keeps of what it has read: its gates, the influence of the past, memory capacity, order."""

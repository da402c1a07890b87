"""What a call will cost."""

"""Tools: what the model gives them, what they send, and what they answer."""

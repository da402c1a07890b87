"""What a process does for all its calls: admits, claims, runs, ships and settles them."""

"""Knowledge bases: kept, and not processed yet."""

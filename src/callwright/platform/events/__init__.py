"""Published changes in the order in which accounts read them."""

"""Tools that agents call: their requests, arguments and answers."""

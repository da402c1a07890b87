"""Files of contacts in which callers are looked up."""

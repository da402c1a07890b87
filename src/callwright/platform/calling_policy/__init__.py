"""Which numbers an organisation lets dial, and when."""

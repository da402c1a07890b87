"""The calling policy: what an organisation wants held of its outbound calls."""

"""The numbers of an organisation."""

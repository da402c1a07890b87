"""SIP trunks and their numbers."""

"""What accounts used."""

"""Language models: those of this installation, and an organisation's own."""

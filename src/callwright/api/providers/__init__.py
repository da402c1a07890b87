"""Provider keys: credentials with the services that agents use."""

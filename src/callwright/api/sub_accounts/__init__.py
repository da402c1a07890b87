"""Sub-accounts: `/sub-accounts/...`."""

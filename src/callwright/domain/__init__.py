"""The vocabulary of the platform: values, tables and rules. Standard library only, no I/O, no clock, no randomness."""

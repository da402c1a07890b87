"""What calls are expected to cost."""

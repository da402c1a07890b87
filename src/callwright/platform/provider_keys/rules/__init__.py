"""Pure rules of provider keys."""

"""May this number be dialled now? The rules and the one function that applies them."""

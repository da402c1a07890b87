"""The pages a browser shows: the front page and the API reference."""

"""The world of the API tests."""

from tests.api_world import world  # noqa: F401

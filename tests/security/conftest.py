"""The world of the API tests."""

from tests.api_world import world, world_template  # noqa: F401

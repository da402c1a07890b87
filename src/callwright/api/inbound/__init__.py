"""Who answers a number."""

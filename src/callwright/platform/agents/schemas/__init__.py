"""Shapes for the API description of agents."""

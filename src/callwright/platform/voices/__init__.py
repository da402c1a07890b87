"""Voices: lists, imports, samples."""

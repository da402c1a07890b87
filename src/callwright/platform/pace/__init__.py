"""Limits of dialling: places, rates, and admission."""

"""Checks of the exercises, one module a notebook, loaded when first used."""

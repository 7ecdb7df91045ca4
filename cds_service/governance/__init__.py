"""Checking and releasing knowledge."""

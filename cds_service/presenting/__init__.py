"""Findings to cards: group, rank, cap, word. Pure."""

"""Loads, checks and compiles rules, value sets and card texts into one frozen release with a digest."""

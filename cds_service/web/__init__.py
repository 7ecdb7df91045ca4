"""Flask routes, problem responses, health. HTTP status numbers live only here."""

"""Who is calling: client tokens, key sets, replay and rate limits, allow-lists."""

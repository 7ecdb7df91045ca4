"""The manual of the logic: each file is one topic, each case one sentence and what it must give."""

"""What is known about one patient at one moment, and what is not."""

"""What outlives a call: encrypted decision records in chains, feedback, releases. Nothing here reads a chart."""

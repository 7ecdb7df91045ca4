"""From a risk model and a chart to a probability or points, with exact contributions."""

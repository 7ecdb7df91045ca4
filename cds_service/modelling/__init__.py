"""Risk models off line: fit, validate, recalibrate, watch. The serving process never imports this package."""

"""Three-valued logic: rules and a chart in, findings out. Pure."""

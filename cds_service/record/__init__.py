"""What was decided and from what, as one value with canonical bytes. Pure."""

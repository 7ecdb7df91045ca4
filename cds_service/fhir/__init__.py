"""Tolerant readers of incoming FHIR JSON. FHIR JSON goes no further than `chart`."""

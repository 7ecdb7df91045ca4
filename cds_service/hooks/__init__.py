"""CDS Hooks messages as types: contexts, requests, responses, discovery. Nothing here knows FHIR content."""

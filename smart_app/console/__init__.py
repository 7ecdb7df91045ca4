"""The console: a page that shows what the service does, calling it as an EHR would. Part of the dev profile only."""

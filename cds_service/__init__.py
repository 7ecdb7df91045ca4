"""Decision support over CDS Hooks: medication-safety rules and risk models, answered as explainable cards."""

__version__ = "0.2.0"

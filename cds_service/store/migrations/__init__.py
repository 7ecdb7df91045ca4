"""How the tables came about, one step per change, for Alembic."""

"""Drug products, ingredients, strengths, forms, classes, names and units, from a compact read-only index."""

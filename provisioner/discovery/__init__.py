"""Looking at AWS: what is recorded, and what no record knows of."""

"""How provisioner talks to AWS: guarded clients, one retry table, rates, errors, tags."""

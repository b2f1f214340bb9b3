"""What a person or a program sees: plans, progress, results, errors. Nothing here decides."""

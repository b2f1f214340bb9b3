"""The inventory lost and made again from what AWS shows."""

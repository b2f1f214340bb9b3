"""From what is wanted and what is, to a plan. Nothing here changes AWS."""

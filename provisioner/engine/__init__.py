"""A plan carried out: scheduled, run side by side, told as events, written down."""

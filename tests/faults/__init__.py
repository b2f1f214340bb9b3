"""What dies when: every call of a run as a point to crash at, or to lose an answer at."""

"""Data that accounts have in a period: caps, top-ups, what rolls over, thresholds."""

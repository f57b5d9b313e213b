"""What calibration.py measures, a module each, and how it shows it."""
